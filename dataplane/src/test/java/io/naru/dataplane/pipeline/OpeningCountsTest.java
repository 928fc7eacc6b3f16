package io.naru.dataplane.pipeline;

import static io.naru.dataplane.pipeline.Frame.ACK;
import static io.naru.dataplane.pipeline.Frame.RST;
import static io.naru.dataplane.pipeline.Frame.SYN;
import static io.naru.dataplane.pipeline.Rig.BACKEND_SIDE;
import static io.naru.dataplane.pipeline.Rig.BACKEND_SIDE_MAC;
import static io.naru.dataplane.pipeline.Rig.CLIENT_SIDE;
import static io.naru.dataplane.pipeline.Rig.CLIENT_SIDE_MAC;
import static io.naru.dataplane.service.Specs.backend;
import static io.naru.dataplane.service.Specs.service;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowSweeper;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.StatsLine;
import io.naru.dataplane.service.ForwardingTable;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is counted of openings that come to nothing. */
class OpeningCountsTest {
    private static final String ROUTER = "02:00:00:00:00:99";
    private static final String MAC1 = "02:00:00:00:02:01";
    private static final String NAT4 =
            "NAT, 198.51.100.7:4321, 192.0.2.10:80, 10.2.0.1:8080, 10.2.0.99";
    private static final String NAT6 =
            "NAT, [2001:db8:1::7]:4321, [2001:db8::10]:80, [2001:db8:2::1]:8080, 2001:db8:2::99";
    private static final String FULL_NAT4 =
            "FULL_NAT, 198.51.100.7:4321, 192.0.2.10:80, 10.2.0.1:8080, 10.2.0.99";
    private static final String FULL_NAT6 =
            "FULL_NAT, [2001:db8:1::7]:4321, [2001:db8::10]:80, [2001:db8:2::1]:8080,"
                    + " 2001:db8:2::99";
    private static final String DSR4 =
            "DSR_L2, 198.51.100.7:4321, 192.0.2.10:80, 10.2.0.1:0, 10.2.0.99";

    private final Rig rig = new Rig();
    private final FlowSweeper sweeper = new FlowSweeper(rig.flows, FlowEntry.ticks(rig.nowNs));

    @AfterEach
    void close() {
        rig.close();
    }

    private void serve(final Mode mode, final String vip, final String server, final String local) {
        rig.hop(1, MAC1, BACKEND_SIDE)
                .adopt(
                        ForwardingTable.builder(1)
                                .localAddress(0, IpAddress.parse(local), false)
                                .backend(1, backend("s1", server), 1)
                                .service(0, service("web", vip, Protocol.TCP, mode), 1));
    }

    private byte[] fromClient(final String client, final String vip, final int flags) {
        return Frame.tcp(client, vip, flags).macs(ROUTER, CLIENT_SIDE_MAC).bytes();
    }

    private void assertCounts(final int unanswered, final int refused) {
        assertEquals(unanswered, rig.backend(1, StatsLine.OPENINGS_UNANSWERED_OFFSET));
        assertEquals(unanswered, rig.service(0, StatsLine.OPENINGS_UNANSWERED_OFFSET));
        assertEquals(refused, rig.backend(1, StatsLine.OPENINGS_REFUSED_OFFSET));
        assertEquals(refused, rig.service(0, StatsLine.OPENINGS_REFUSED_OFFSET));
    }

    private void sweepAfter(final long seconds) {
        rig.advance(seconds);
        sweeper.sweep(FlowEntry.ticks(rig.nowNs), rig.flows.bucketCount());
    }

    @ParameterizedTest
    @CsvSource({NAT4, NAT6, FULL_NAT4, FULL_NAT6})
    @DisplayName("a SYN that is repeated was not answered; it counts once, however often")
    void repeated(
            final Mode mode,
            final String client,
            final String vip,
            final String server,
            final String local) {
        serve(mode, vip, server, local);
        rig.send(CLIENT_SIDE, fromClient(client, vip, SYN));
        rig.send(CLIENT_SIDE, fromClient(client, vip, SYN)); // the network doubled it
        assertCounts(0, 0);

        rig.advance(1);
        rig.send(CLIENT_SIDE, fromClient(client, vip, SYN));
        assertCounts(1, 0);

        rig.advance(2);
        rig.send(CLIENT_SIDE, fromClient(client, vip, SYN));
        sweepAfter(600);
        assertEquals(0, rig.flows.size());
        assertCounts(1, 0);
    }

    @ParameterizedTest
    @CsvSource({NAT4, NAT6, FULL_NAT4, FULL_NAT6})
    @DisplayName("a SYN that is not repeated counts when it expires")
    void expired(
            final Mode mode,
            final String client,
            final String vip,
            final String server,
            final String local) {
        serve(mode, vip, server, local);
        rig.send(CLIENT_SIDE, fromClient(client, vip, SYN));

        sweepAfter(600);

        assertEquals(0, rig.flows.size());
        assertCounts(1, 0);
    }

    @ParameterizedTest
    @CsvSource({NAT4, NAT6, FULL_NAT4, FULL_NAT6})
    @DisplayName("an RST in answer to a SYN is a refusal, and nothing else")
    void refused(
            final Mode mode,
            final String client,
            final String vip,
            final String server,
            final String local) {
        serve(mode, vip, server, local);
        final byte[] syn = rig.send(CLIENT_SIDE, fromClient(client, vip, SYN)).out;

        rig.send(BACKEND_SIDE, answer(syn, server, RST | ACK));
        assertCounts(0, 1);

        rig.send(BACKEND_SIDE, answer(syn, server, RST | ACK));
        sweepAfter(600);
        assertCounts(0, 1);
    }

    @Test
    @DisplayName("an opening that was answered, or taken back by the client, counts as neither")
    void answered() {
        serve(Mode.NAT, "192.0.2.10:80", "10.2.0.1:8080", "10.2.0.99");
        final byte[] syn =
                rig.send(CLIENT_SIDE, fromClient("198.51.100.7:1", "192.0.2.10:80", SYN)).out;
        rig.send(BACKEND_SIDE, answer(syn, "10.2.0.1:8080", SYN | ACK));
        rig.advance(1);
        rig.send(CLIENT_SIDE, fromClient("198.51.100.7:1", "192.0.2.10:80", SYN));
        rig.send(CLIENT_SIDE, fromClient("198.51.100.7:2", "192.0.2.10:80", SYN));
        rig.send(CLIENT_SIDE, fromClient("198.51.100.7:2", "192.0.2.10:80", RST));

        sweepAfter(600);

        assertEquals(0, rig.flows.size());
        assertCounts(0, 0);
    }

    @ParameterizedTest
    @CsvSource(DSR4)
    @DisplayName("where answers do not pass us nothing is counted")
    void oneWay(
            final Mode mode,
            final String client,
            final String vip,
            final String server,
            final String local) {
        serve(mode, vip, server, local);
        rig.send(CLIENT_SIDE, fromClient(client, vip, SYN));
        rig.advance(1);
        rig.send(CLIENT_SIDE, fromClient(client, vip, SYN));
        sweepAfter(600);

        assertEquals(0, rig.flows.size());
        assertCounts(0, 0);
    }

    /** What the backend says to the source of a SYN that it got. */
    private static byte[] answer(final byte[] syn, final String server, final int flags) {
        return Frame.tcp(server, source(syn), flags).macs(MAC1, BACKEND_SIDE_MAC).bytes();
    }

    private static String source(final byte[] frame) {
        final boolean isIpv6 = frame[12] == (byte) 0x86;
        final int l4 = isIpv6 ? 54 : 34;
        final int port = ((frame[l4] & 0xff) << 8) | (frame[l4 + 1] & 0xff);
        final String hex = HexFormat.of().formatHex(frame, isIpv6 ? 22 : 26, isIpv6 ? 38 : 30);
        if (isIpv6) {
            return "[" + hex.replaceAll("(....)(?!$)", "$1:") + "]:" + port;
        }

        return "%d.%d.%d.%d:%d"
                .formatted(
                        frame[26] & 0xff,
                        frame[27] & 0xff,
                        frame[28] & 0xff,
                        frame[29] & 0xff,
                        port);
    }
}
