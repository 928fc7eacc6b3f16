package io.naru.dataplane.pipeline;

import static io.naru.dataplane.pipeline.Rig.CLIENT_SIDE;

import io.naru.dataplane.protocol.DropReason;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class Fragment4FixturesTest extends FragmentFixtures {
    Fragment4FixturesTest() {
        super(
                new Hosts(
                        "198.51.100.7:4321",
                        "192.0.2.10:",
                        "192.0.2.11:53",
                        "192.0.2.12:53",
                        "192.0.2.13:53",
                        "192.0.2.14:53",
                        "10.2.0.1:",
                        "10.2.0.99",
                        "10.2.0.254"));
    }

    @Override
    Frame ping(final String from, final String to) {
        return Frame.icmp(from, to, 8);
    }

    @Test
    @DisplayName("a fragment with a wrong header checksum spoils no datagram")
    void badChecksum() {
        final List<byte[]> fragments = Fragments.of(query().bytes(), MTU);
        final byte[] damaged = Fragments.piece(query().bytes(), 1472, 2960, true);
        damaged[14 + 10] ^= 1;

        rig.send(CLIENT_SIDE, damaged).assertDropped(DropReason.BAD_IP_CHECKSUM);

        assertOne(queryAtBackend(), sendEach(CLIENT_SIDE, fragments));
    }

    @Test
    @DisplayName("fragments with harmless options follow their flow, with a source route none does")
    void options() {
        final Frame query = query().options(new byte[] {1, 1, 1, 0});
        assertOne(
                queryAtBackend().options(new byte[] {1, 1, 1, 0}),
                sendEach(CLIENT_SIDE, Fragments.reversed(Fragments.of(query.bytes(), MTU))));

        final Frame routed = query().options(new byte[] {(byte) 131, 7, 4, 10, 1, 1, 1, 0});
        for (final byte[] fragment : Fragments.of(routed.bytes(), MTU)) {
            rig.send(CLIENT_SIDE, fragment).assertDropped(DropReason.IP_OPTIONS);
        }
    }
}
