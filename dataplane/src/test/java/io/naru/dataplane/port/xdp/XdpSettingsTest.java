package io.naru.dataplane.port.xdp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.naru.linux.memory.HugePages;
import java.util.List;
import org.junit.jupiter.api.Test;

class XdpSettingsTest {
    private static final List<XdpSettings.Interface> ETH0 =
            List.of(XdpSettings.Interface.of("eth0"));

    private static String refusal(
            final List<XdpSettings.Interface> interfaces,
            final int workers,
            final int frames,
            final int frameSize) {
        return assertThrows(
                        IllegalArgumentException.class,
                        () ->
                                new XdpSettings(
                                        interfaces, workers, frames, frameSize, HugePages.AUTO))
                .getMessage();
    }

    @Test
    void shouldNameTheSettingTheValueAndWhatWasExpected() {
        assertEquals("interfaces must be from 1 to 256: 0", refusal(List.of(), 0, 4096, 2048));
        assertEquals(
                "interface eth0 is named twice",
                refusal(List.of(ETH0.get(0), ETH0.get(0)), 0, 4096, 2048));
        assertEquals("workers must be at least 1: -1", refusal(ETH0, -1, 4096, 2048));
        assertEquals(
                "frames must be a power of two from 256 to 65536: 4000",
                refusal(ETH0, 0, 4000, 2048));
        assertEquals("frame size must be 2048 or 4096: 9000", refusal(ETH0, 0, 4096, 9000));
    }
}
