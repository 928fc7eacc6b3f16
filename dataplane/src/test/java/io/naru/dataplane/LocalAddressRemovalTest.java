package io.naru.dataplane;

import static io.naru.dataplane.pipeline.Frame.ACK;
import static io.naru.dataplane.pipeline.Frame.SYN;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.naru.dataplane.pipeline.Frame;
import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.DesiredState;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.ServiceSpec;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A flow in {@code full-nat} whose local address is configured no more: what the client sends still
 * has that source, never another's, and what the backend answers is not taken.
 */
class LocalAddressRemovalTest {
    @TempDir Path runDirectory;

    @ParameterizedTest
    @CsvSource({
        "198.51.100.7:, 192.0.2.10, 192.0.2.10:80, 10.2.0.1, 10.2.0.200, 26, 4",
        "[2001:db8:99::7]:, 2001:db8::10, [2001:db8::10]:80, 2001:db8:2::1, 2001:db8:2::c8, 22, 16"
    })
    void shouldGoOnWithFlowsOfLocalAddressThatIsRemoved(
            final String client,
            final String vip,
            final String endpoint,
            final String backend,
            final String local,
            final int from,
            final int length) {
        try (LivePlane plane = new LivePlane(runDirectory, new Random(1))) {
            plane.apply(state(vip, backend, List.of(IpAddress.parse(local))));
            final byte[] first = plane.send(frame(client, endpoint, SYN)).get(0);

            plane.apply(state(vip, backend, List.of()));

            final List<byte[]> sent = plane.send(frame(client, endpoint, ACK));
            assertEquals(1, sent.size());
            assertArrayEquals(
                    Arrays.copyOfRange(first, from, from + length),
                    Arrays.copyOfRange(sent.get(0), from, from + length),
                    "the same source");
        }
    }

    private static byte[] frame(final String client, final String endpoint, final int flags) {
        return Frame.tcp(client + 2_000, endpoint, flags)
                .macs(LivePlane.ROUTER, LivePlane.FRONT)
                .bytes();
    }

    private static DesiredState state(
            final String vip, final String backend, final List<IpAddress> locals) {
        return new DesiredState(
                1,
                List.of("web"),
                List.of(
                        new BackendSpec(
                                "web", "s1", IpAddress.parse(backend), 80, 1, BackendState.UP)),
                List.of(
                        new ServiceSpec(
                                "web",
                                IpAddress.parse(vip),
                                Protocol.TCP,
                                80,
                                80,
                                Mode.FULL_NAT,
                                Algorithm.RR,
                                "web",
                                ServiceSpec.Timeouts.DEFAULT)),
                locals);
    }
}
