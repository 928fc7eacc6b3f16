package io.naru.controlplane.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.naru.dataplane.protocol.DataPlaneProperties;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.Test;

class DataPlaneSettingsTest {
    @Test
    void shouldExportEverySettingUnderItsName() throws IOException {
        final NaruConfig config =
                read(
                        """
                        interfaces: [{ name: eth0.7, queues: 4, mode: native, zero-copy: on, vlan: 100 }, eth1]
                        dataplane: { flow-capacity: 2M, cpus: [2, 3, 4, 5], frames: 8k, frame-size: 4096,
                                     huge-pages: off, idle: busy, vip-echo: false, hash-seed: 7 }
                        """);

        final Properties properties = properties(config);

        assertEquals("/tmp/a b\\c", properties.get(DataPlaneProperties.RUN_DIR));
        assertEquals("routed", properties.get(DataPlaneProperties.TOPOLOGY));
        assertEquals("eth0.7,eth1", properties.get(DataPlaneProperties.INTERFACES));
        assertEquals("native", properties.get(DataPlaneProperties.interfaceMode("eth0.7")));
        assertEquals("on", properties.get(DataPlaneProperties.interfaceZeroCopy("eth0.7")));
        assertEquals("4", properties.get(DataPlaneProperties.interfaceQueues("eth0.7")));
        assertEquals("auto", properties.get(DataPlaneProperties.interfaceQueues("eth1")));
        assertEquals("100", properties.get(DataPlaneProperties.interfaceVlan("eth0.7")));
        assertEquals("0", properties.get(DataPlaneProperties.interfaceVlan("eth1")));
        assertEquals("2,3,4,5", properties.get(DataPlaneProperties.CPUS));
        assertEquals("2097152", properties.get(DataPlaneProperties.FLOW_CAPACITY));
        assertEquals("8192", properties.get(DataPlaneProperties.FRAMES));
        assertEquals("4096", properties.get(DataPlaneProperties.FRAME_SIZE));
        assertEquals("off", properties.get(DataPlaneProperties.HUGE_PAGES));
        assertEquals("busy", properties.get(DataPlaneProperties.IDLE));
        assertEquals("false", properties.get(DataPlaneProperties.VIP_ECHO));
        assertEquals("7", properties.get(DataPlaneProperties.HASH_SEED));
    }

    @Test
    void shouldLeaveTheSeedToTheDataPlaneUnlessItIsGiven() throws IOException {
        assertNull(properties(read("interfaces: [eth0, eth1]")).get(DataPlaneProperties.HASH_SEED));
    }

    private static Properties properties(final NaruConfig config) throws IOException {
        final Properties properties = new Properties();
        properties.load(
                new StringReader(DataPlaneSettings.properties(config, Path.of("/tmp/a b\\c"))));
        return properties;
    }

    private static NaruConfig read(final String text) {
        final ConfigReader.Result result = ConfigReader.read("lb.yaml", text);
        assertEquals(List.of(), result.problems());
        return result.config().orElseThrow();
    }
}
