package io.naru.dataplane.pipeline;

import static io.naru.dataplane.pipeline.Rig.BACKEND_SIDE;
import static io.naru.dataplane.pipeline.Rig.CLIENT_SIDE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.naru.dataplane.protocol.DropReason;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class Fragment6FixturesTest extends FragmentFixtures {
    private static final int DESTINATION_OPTIONS = 60;

    Fragment6FixturesTest() {
        super(
                new Hosts(
                        "[2001:db8:1::7]:4321",
                        "[2001:db8::10]:",
                        "[2001:db8::11]:53",
                        "[2001:db8::12]:53",
                        "[2001:db8::13]:53",
                        "[2001:db8::14]:53",
                        "[2001:db8:2::1]:",
                        "2001:db8:2::99",
                        "2001:db8:2::fe"));
    }

    @Override
    Frame ping(final String from, final String to) {
        return Frame.icmp6(from, to, 128);
    }

    @Test
    @DisplayName("an atomic fragment is a whole packet, whatever others have its identification")
    void atomic() {
        final byte[] query = query().payload(100).bytes();
        final byte[] atomic = Fragments.piece(query, 0, 108, false);
        final byte[] expected = queryAtBackend().payload(100).bytes();

        for (int copies = 0; copies < 2; copies++) {
            rig.send(CLIENT_SIDE, atomic)
                    .assertSent(BACKEND_SIDE, Fragments.piece(expected, 0, 108, false));
        }
    }

    @Test
    @DisplayName("the first fragment has the whole header chain, or is dropped (RFC 7112)")
    void headerChain() {
        // 8 bytes of options, then the UDP header: both are in what is cut
        final Frame query = query().payload(200).extension(DESTINATION_OPTIONS, new byte[8]);
        final byte[] bytes = query.bytes();
        final byte[] out = queryAtBackend().payload(200).extension(60, new byte[8]).bytes();

        rig.send(CLIENT_SIDE, Fragments.piece(bytes, 0, 64, true, 1))
                .assertSent(BACKEND_SIDE, Fragments.piece(out, 0, 64, true, 1));
        rig.send(CLIENT_SIDE, Fragments.piece(bytes, 64, 216, false, 1))
                .assertSent(BACKEND_SIDE, Fragments.piece(out, 64, 216, false, 1));

        final Rig.Outcome tiny = rig.send(CLIENT_SIDE, Fragments.piece(bytes, 0, 8, true, 2));
        tiny.assertDropped(DropReason.BAD_FRAGMENT);
    }

    @Test
    @DisplayName("later fragments of a ping are held until the first one says what they are")
    void laterFragmentOfPing() {
        final byte[] ping =
                ping(client, dns).macs(ROUTER, Rig.CLIENT_SIDE_MAC).payload(3_000).bytes();
        final List<byte[]> fragments = Fragments.of(ping, MTU);
        assertEquals(Verdict.HELD, rig.send(CLIENT_SIDE, fragments.get(1)).verdict);

        rig.send(CLIENT_SIDE, fragments.get(0)).assertDropped(DropReason.FRAGMENT);

        rig.forget();
        assertEquals(1, rig.stats.dropped(DropReason.FRAGMENT));
        rig.send(CLIENT_SIDE, fragments.get(2)).assertDropped(DropReason.FRAGMENT);
    }

    @Test
    @DisplayName("the next header of a later fragment means nothing (RFC 8200 4.5)")
    void nextHeaderOfLaterFragment() {
        final List<byte[]> fragments = Fragments.of(query().bytes(), MTU);
        for (int k = 1; k < fragments.size(); k++) {
            fragments.get(k)[14 + 40] = 6;
        }

        assertOne(queryAtBackend(), sendEach(CLIENT_SIDE, Fragments.reversed(fragments)));
    }
}
