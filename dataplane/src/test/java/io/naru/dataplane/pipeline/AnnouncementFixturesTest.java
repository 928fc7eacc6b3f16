package io.naru.dataplane.pipeline;

import static io.naru.dataplane.pipeline.Rig.BACKEND_SIDE;
import static io.naru.dataplane.pipeline.Rig.BACKEND_SIDE_MAC;
import static io.naru.dataplane.pipeline.Rig.CLIENT_SIDE;
import static io.naru.dataplane.pipeline.Rig.CLIENT_SIDE_MAC;
import static io.naru.dataplane.service.Specs.backend;
import static io.naru.dataplane.service.Specs.service;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.flow.FlowHash;
import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.SendList;
import io.naru.dataplane.port.memory.MemoryFrames;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.service.ForwardingTableBuilder;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What neighbours are told of addresses that become ours. */
class AnnouncementFixturesTest {
    private static final String VIP = "192.0.2.10";
    private static final String BROADCAST = "ff:ff:ff:ff:ff:ff";
    private static final String NOBODY = "00:00:00:00:00:00";

    private final MemoryFrames frames = new MemoryFrames(64, 2_048);
    private final FrameStack free = frames.share(64);
    private final SendList sendList = new SendList(free);
    private Rig rig = new Rig();

    /** A frame that was made, and where it is sent. */
    private static final class Made {
        final int egress;
        final byte[] frame;

        Made(final int egress, final byte[] frame) {
            this.egress = egress;
            this.frame = frame;
        }
    }

    @BeforeEach
    void setUp() {
        rig.pipeline.sendList(sendList);
    }

    @AfterEach
    void close() {
        rig.close();
        frames.close();
    }

    private static ForwardingTableBuilder table(final String... vips) {
        final ForwardingTableBuilder builder =
                ForwardingTable.builder(1)
                        .onLink(CLIENT_SIDE, IpAddress.parse("192.0.2.0"), 24)
                        .onLink(CLIENT_SIDE, IpAddress.parse("2001:db8::"), 64)
                        .onLink(BACKEND_SIDE, IpAddress.parse("10.2.0.0"), 16);
        for (int i = 0; i < vips.length; i++) {
            final boolean isIpv4 = vips[i].indexOf('.') > 0;
            builder.backend(
                    i + 1, backend("s" + i, (isIpv4 ? "10.2.0.1:" : "[2001:db8:2::1]:") + i), 1);
            builder.service(
                    i,
                    service(
                            "web" + i,
                            isIpv4 ? vips[i] + ":80" : "[" + vips[i] + "]:80",
                            Protocol.TCP,
                            Mode.NAT),
                    i + 1);
        }
        return builder;
    }

    private List<Made> make() {
        rig.pipeline.makeOwn(rig.nowNs);
        final List<Made> made = new ArrayList<>();
        for (int k = 0; k < sendList.count(); k++) {
            final byte[] frame = new byte[sendList.length(k)];
            for (int at = 0; at < frame.length; at++) {
                frame[at] = RawMemory.getByte(sendList.address(k) + at);
            }
            made.add(new Made(Hop.interfaceIndex(sendList.hop(k)), frame));
            free.push(sendList.address(k));
        }
        sendList.clear();
        return made;
    }

    private static void assertMade(final int egress, final byte[] frame, final Made made) {
        assertEquals(HexFormat.of().formatHex(frame), HexFormat.of().formatHex(made.frame));
        assertEquals(egress, made.egress);
        assertNull(Checksums.problem(made.frame));
    }

    @Test
    @DisplayName("a VIP is announced three times, a second apart, on the interface of its network")
    void arp() {
        rig.adopt(table(VIP));
        for (int times = 0; times < Announcements.REPEATS; times++) {
            final List<Made> made = make();
            assertEquals(1, made.size());
            assertMade(
                    CLIENT_SIDE,
                    Frame.arp(1, BROADCAST, CLIENT_SIDE_MAC, VIP, NOBODY, VIP),
                    made.get(0));
            assertEquals(0, make().size(), "not before a second is over");
            rig.advance(1);
        }
        rig.advance(60);
        assertEquals(0, make().size());
        assertEquals(3, rig.pipeline.announcements());
    }

    @Test
    @DisplayName("an IPv6 VIP is advertised to all nodes, with its own address as the source")
    void ndp() {
        rig.adopt(table("2001:db8::10"));

        final List<Made> made = make();

        assertEquals(1, made.size());
        final String vip = "20010db8000000000000000000000010";
        assertEquals(
                "333300000001"
                        + CLIENT_SIDE_MAC.replace(":", "")
                        + "86dd"
                        + "60000000"
                        + "0020" // 32 bytes
                        + "3a" // of ICMPv6
                        + "ff" // that have passed no router
                        + vip
                        + "ff020000000000000000000000000001"
                        + "8800", // an advertisement
                hex(made.get(0).frame, 0, 56));
        assertEquals(
                "20000000" // unasked, it overrides
                        + vip
                        + "0201" // option of 8 bytes, target's MAC
                        + CLIENT_SIDE_MAC.replace(":", ""),
                hex(made.get(0).frame, 58, 86));
        assertEquals(86, made.get(0).frame.length);
        assertNull(Checksums.problem(made.get(0).frame));
    }

    private static String hex(final byte[] frame, final int from, final int to) {
        return HexFormat.of().formatHex(frame, from, to);
    }

    @Test
    @DisplayName("an address of no network of ours is announced everywhere")
    void offLink() {
        rig.adopt(table("203.0.113.10"));

        final List<Made> made = make();

        assertEquals(2, made.size());
        assertMade(
                BACKEND_SIDE,
                Frame.arp(1, BROADCAST, BACKEND_SIDE_MAC, "203.0.113.10", NOBODY, "203.0.113.10"),
                made.get(1));
    }

    @Test
    @DisplayName("local addresses are announced too; what was ours before is not told again")
    void onlyWhatIsNew() {
        rig.adopt(table(VIP));
        for (int times = 0; times < Announcements.REPEATS; times++) {
            make();
            rig.advance(1);
        }

        rig.adopt(table(VIP).localAddress(0, IpAddress.parse("10.2.0.99"), false));

        final List<Made> made = make();
        assertEquals(1, made.size());
        assertMade(
                BACKEND_SIDE,
                Frame.arp(1, BROADCAST, BACKEND_SIDE_MAC, "10.2.0.99", NOBODY, "10.2.0.99"),
                made.get(0));
    }

    @Test
    @DisplayName(
            "what is no longer ours is not announced again; what comes back is, from the start")
    void forgets() {
        rig.adopt(table(VIP));
        assertEquals(1, make().size());
        rig.adopt(table());
        rig.advance(5);
        assertEquals(0, make().size());

        rig.adopt(table(VIP));
        int made = 0;
        for (int times = 0; times < 10; times++) {
            made += make().size();
            rig.advance(1);
        }

        assertEquals(Announcements.REPEATS, made);
    }

    @Test
    @DisplayName("a thousand addresses are announced some at a time, each three times")
    void bounded() {
        rig.adopt(
                table(
                        IntStream.range(0, 1_000)
                                .mapToObj(i -> "192.0.%d.%d".formatted(2 + i / 250, 1 + i % 250))
                                .toArray(String[]::new)));

        int made = 0;
        for (int cycle = 0; cycle < 5_000; cycle++) {
            final int now = make().size();
            assertTrue(now <= 16, "a few in a cycle");
            made += now;
            rig.nowNs += Rig.SECOND_NS / 1_000;
        }

        assertEquals(Announcements.REPEATS * (250 + 2 * 750), made);
    }

    @Test
    @DisplayName("without a free frame they wait")
    void noFrame() {
        final List<Long> taken = new ArrayList<>();
        for (int i = 0; i < 63; i++) {
            taken.add(free.pop());
        }
        rig.adopt(table(VIP));
        assertEquals(0, make().size());

        taken.forEach(free::push);

        assertEquals(1, make().size());
    }

    @Test
    @DisplayName("one worker tells, not each of them")
    void firstWorkerOnly() {
        rig.close();
        rig = new Rig(1_024, new PipelineSettings(1, 2, true, true, 64), new FlowHash(11, 13));
        rig.pipeline.sendList(sendList);
        rig.adopt(table(VIP));

        assertEquals(0, make().size());
    }
}
