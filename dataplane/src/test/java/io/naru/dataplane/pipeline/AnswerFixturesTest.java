package io.naru.dataplane.pipeline;

import static io.naru.dataplane.pipeline.Rig.CLIENT_SIDE;
import static io.naru.dataplane.pipeline.Rig.CLIENT_SIDE_MAC;
import static io.naru.dataplane.service.Specs.backend;
import static io.naru.dataplane.service.Specs.service;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.naru.dataplane.flow.FlowHash;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.service.ForwardingTableBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What the balancer answers itself: ARP requests for a VIP and pings of one. */
class AnswerFixturesTest {
    private static final String VIP = "192.0.2.10";
    private static final String ASKER = "192.0.2.1";
    private static final String MAC = "02:00:00:00:00:99";
    private static final String BROADCAST = "ff:ff:ff:ff:ff:ff";
    private static final String NOBODY = "00:00:00:00:00:00";

    private final Rig rig = new Rig();

    private static ForwardingTableBuilder table() {
        return ForwardingTable.builder(1)
                .backend(1, backend("s1", "10.2.0.1:80"), 1)
                .service(0, service("web", VIP + ":80", Protocol.TCP, Mode.NAT), 1);
    }

    @BeforeEach
    void setUp() {
        rig.adopt(table());
    }

    @AfterEach
    void close() {
        rig.close();
    }

    @Test
    @DisplayName("who has the VIP? We, at the MAC of the interface that was asked")
    void arpRequestForVip() {
        rig.send(CLIENT_SIDE, Frame.arp(1, BROADCAST, MAC, ASKER, NOBODY, VIP))
                .assertSent(CLIENT_SIDE, Frame.arp(2, MAC, CLIENT_SIDE_MAC, VIP, MAC, ASKER));
        assertEquals(1, rig.pipeline.arpReplies());
    }

    @Test
    @DisplayName("a probe of a VIP (sender 0.0.0.0) is answered, so that the prober keeps off")
    void arpProbe() {
        rig.send(CLIENT_SIDE, Frame.arp(1, BROADCAST, MAC, "0.0.0.0", NOBODY, VIP))
                .assertSent(CLIENT_SIDE, Frame.arp(2, MAC, CLIENT_SIDE_MAC, VIP, MAC, "0.0.0.0"));
    }

    @Test
    @DisplayName("ARP about anything but a VIP is dropped as arp-other")
    void arpOther() {
        rig.send(CLIENT_SIDE, Frame.arp(1, BROADCAST, MAC, ASKER, NOBODY, "192.0.2.11"))
                .assertDropped(DropReason.ARP_OTHER);
        rig.send(CLIENT_SIDE, Frame.arp(2, CLIENT_SIDE_MAC, MAC, ASKER, CLIENT_SIDE_MAC, VIP))
                .assertDropped(DropReason.ARP_OTHER);
    }

    @Test
    @DisplayName("a machine that says it has the VIP is dropped as vip-conflict")
    void vipConflict() {
        rig.send(CLIENT_SIDE, Frame.arp(1, BROADCAST, MAC, VIP, NOBODY, VIP))
                .assertDropped(DropReason.VIP_CONFLICT);
        rig.send(CLIENT_SIDE, Frame.arp(2, BROADCAST, MAC, VIP, BROADCAST, VIP))
                .assertDropped(DropReason.VIP_CONFLICT);
    }

    @Test
    @DisplayName("a ping of the VIP is answered, with a fresh time to live and all else as it came")
    void ping() {
        for (final int length : new int[] {0, 1, 55, 56, 57, 1400}) {
            rig.send(CLIENT_SIDE, ping(8).ttl(3).dscp(0x20).payload(length).bytes())
                    .assertSent(
                            CLIENT_SIDE,
                            Frame.icmp(VIP, ASKER, 0)
                                    .macs(CLIENT_SIDE_MAC, MAC)
                                    .ttl(64)
                                    .dscp(0x20)
                                    .payload(length));
        }
        assertEquals(6, rig.pipeline.echoReplies());
    }

    @Test
    @DisplayName("a ping without the don't-fragment bit is answered without it")
    void pingThatMayBeFragmented() {
        rig.send(CLIENT_SIDE, ping(8).fragment(0).payload(56).bytes())
                .assertSent(
                        CLIENT_SIDE,
                        Frame.icmp(VIP, ASKER, 0)
                                .macs(CLIENT_SIDE_MAC, MAC)
                                .fragment(0)
                                .payload(56));
    }

    @Test
    @DisplayName("a ping of nothing but zeros is answered with ffff as its checksum, not with 0")
    void pingOfZeros() {
        final byte[] ping = ping(8).payload(new byte[26]).bytes();
        java.util.Arrays.fill(ping, 34, ping.length, (byte) 0);
        ping[34] = 8;
        ping[36] = (byte) 0xf7;
        ping[37] = (byte) 0xff;

        final byte[] pong = rig.send(CLIENT_SIDE, ping).out;

        assertEquals(0xffff, (pong[36] & 0xff) << 8 | (pong[37] & 0xff));
        assertNull(Checksums.problem(pong));
    }

    @Test
    @DisplayName("a ping with a wrong checksum is dropped as bad-icmp-checksum")
    void pingWithBadChecksum() {
        rig.send(CLIENT_SIDE, ping(8).badL4Checksum(1).payload(8).bytes())
                .assertDropped(DropReason.BAD_ICMP_CHECKSUM);
    }

    @Test
    @DisplayName("a ping whose answer would go to a VIP, a group or nowhere is dropped")
    void pingFromNoClient() {
        for (final String source :
                new String[] {"169.254.1.2", "224.0.0.1", "127.0.0.1", "0.0.0.0"}) {
            rig.send(CLIENT_SIDE, Frame.icmp(source, VIP, 8).macs(MAC, CLIENT_SIDE_MAC).bytes())
                    .assertDropped(DropReason.BAD_SOURCE);
        }
    }

    @Test
    @DisplayName("other ICMP to a VIP is dropped as icmp-other, ICMP to others as not-ours")
    void otherIcmp() {
        rig.send(CLIENT_SIDE, ping(5).payload(28).bytes()).assertDropped(DropReason.ICMP_OTHER);
        rig.send(CLIENT_SIDE, ping(0).bytes()).assertDropped(DropReason.ICMP_OTHER);
        rig.send(CLIENT_SIDE, Frame.icmp(ASKER, "192.0.2.11", 8).macs(MAC, CLIENT_SIDE_MAC).bytes())
                .assertDropped(DropReason.NOT_OURS);
    }

    @Test
    @DisplayName("a ping is dropped as echo-off where the operator does not want answers")
    void echoOff() {
        final PipelineSettings silent = new PipelineSettings(0, 1, true, false, 64);
        try (Rig quiet = new Rig(64, silent, new FlowHash(1, 2))) {
            quiet.adopt(table());
            quiet.send(CLIENT_SIDE, ping(8).bytes()).assertDropped(DropReason.ECHO_OFF);
        }
    }

    private static Frame ping(final int type) {
        return Frame.icmp(ASKER, VIP, type).macs(MAC, CLIENT_SIDE_MAC);
    }
}
