package io.naru.dataplane.pipeline;

import static io.naru.dataplane.pipeline.Frame.ACK;
import static io.naru.dataplane.pipeline.Frame.PSH;
import static io.naru.dataplane.pipeline.Frame.RST;
import static io.naru.dataplane.pipeline.Frame.SYN;
import static io.naru.dataplane.pipeline.Rig.BACKEND_SIDE;
import static io.naru.dataplane.pipeline.Rig.BACKEND_SIDE_MAC;
import static io.naru.dataplane.pipeline.Rig.CLIENT_SIDE;
import static io.naru.dataplane.pipeline.Rig.CLIENT_SIDE_MAC;
import static io.naru.dataplane.service.Specs.backend;
import static io.naru.dataplane.service.Specs.service;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.SendList;
import io.naru.dataplane.port.memory.MemoryFrames;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.FlowLimits;
import io.naru.dataplane.protocol.FlowRule;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Persistence;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.Selection;
import io.naru.dataplane.protocol.ServiceOptions;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.service.ForwardingTableBuilder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What becomes of the flows of a backend that is down, off or no longer configured. */
class OrphanFixturesTest {
    private static final String ROUTER = "02:00:00:00:00:99";
    private static final String MAC1 = "02:00:00:00:02:01";
    private static final String MAC2 = "02:00:00:00:02:02";
    private static final int FRAMES = 64;

    private static final String CLIENT = "198.51.100.7:4321";
    private static final String VIP = "192.0.2.10:80";
    private static final String S1 = "10.2.0.1:8080";
    private static final String S2 = "10.2.0.2:8080";

    private final Rig rig = new Rig();
    private final MemoryFrames frames = new MemoryFrames(FRAMES, 2_048);
    private final FrameStack free = frames.share(FRAMES);
    private final SendList sendList = new SendList(free);

    @BeforeEach
    void setUp() {
        rig.pipeline.sendList(sendList);
        rig.hop(1, MAC1, BACKEND_SIDE).hop(2, MAC2, BACKEND_SIDE);
    }

    @AfterEach
    void close() {
        rig.close();
        frames.close();
    }

    private static ServiceOptions rules(final FlowRule onDown, final FlowRule onRemove) {
        return ServiceOptions.DEFAULT.with(
                Selection.DEFAULT, onDown, onRemove, FlowLimits.DEFAULT, Persistence.NONE);
    }

    /** A service whose first backend is in a state; the second one is up if it is to get flows. */
    private ForwardingTableBuilder table(
            final Mode mode,
            final Protocol protocol,
            final String vip,
            final String s1,
            final String s2,
            final BackendState one,
            final BackendState two,
            final ServiceOptions options) {
        return ForwardingTable.builder(1)
                .localAddress(0, IpAddress.parse("10.2.0.99"), false)
                .localAddress(1, IpAddress.parse("2001:db8:2::99"), false)
                .interfaceAddress(BACKEND_SIDE, IpAddress.parse("10.2.0.98"))
                .backend(1, backend("s1", s1, 1, one), 1)
                .backend(2, backend("s2", s2, 1, two), 2)
                .service(0, service("web", vip, protocol, mode).with(options), 1, 2);
    }

    private void serve(final BackendState one, final BackendState two, final FlowRule onDown) {
        rig.adopt(
                table(Mode.NAT, Protocol.TCP, VIP, S1, S2, one, two, rules(onDown, FlowRule.KEEP)));
    }

    private void openNat() {
        serve(BackendState.UP, BackendState.DOWN, FlowRule.RESET);
        rig.send(CLIENT_SIDE, fromClient(SYN, 100, 0));
        rig.send(
                BACKEND_SIDE,
                Frame.tcp(S1, CLIENT, SYN | ACK)
                        .macs(MAC1, BACKEND_SIDE_MAC)
                        .numbers(500, 101)
                        .bytes());
        rig.send(CLIENT_SIDE, fromClient(ACK, 101, 501));
    }

    private static byte[] fromClient(final int flags, final int sequence, final int ack) {
        return Frame.tcp(CLIENT, VIP, flags)
                .macs(ROUTER, CLIENT_SIDE_MAC)
                .numbers(sequence, ack)
                .bytes();
    }

    /** What was made since the last time. */
    private List<byte[]> made() {
        final List<byte[]> packets = new ArrayList<>();
        for (int k = 0; k < sendList.count(); k++) {
            final byte[] packet = new byte[sendList.length(k)];
            for (int at = 0; at < packet.length; at++) {
                packet[at] = RawMemory.getByte(sendList.address(k) + at);
            }
            if (isTcp(packet)) {
                packets.add(packet);
                assertNull(Checksums.problem(packet));
            }
            free.push(sendList.address(k));
        }
        sendList.clear();
        return packets;
    }

    /** Not an announcement of an address. */
    private static boolean isTcp(final byte[] packet) {
        return packet[12] == 0x08 ? packet[13] == 0 && packet[23] == 6 : packet[20] == 6;
    }

    private static byte[] reset(
            final String source,
            final String target,
            final String ourMac,
            final String mac,
            final int sequence) {
        return Frame.tcp(source, target, RST)
                .macs(ourMac, mac)
                .identification(0)
                .numbers(sequence, 0)
                .window(0)
                .bytes();
    }

    private static byte[] resetToClient(final int sequence) {
        return reset(VIP, CLIENT, CLIENT_SIDE_MAC, ROUTER, sequence);
    }

    private static byte[] resetToBackend(final int sequence) {
        return reset(CLIENT, S1, BACKEND_SIDE_MAC, MAC1, sequence);
    }

    private void sweep() {
        rig.pipeline.makeOwn(rig.nowNs);
    }

    // -- reset ------------------------------------------------------------------------------------

    @Test
    @DisplayName("both ends of a connection get an RST at once when its backend goes down")
    void sweepResetsBothEnds() {
        openNat();
        serve(BackendState.DOWN, BackendState.UP, FlowRule.RESET);

        sweep();

        final List<byte[]> packets = made();
        assertEquals(2, packets.size());
        assertArrayEquals(resetToBackend(101), packets.get(0));
        assertArrayEquals(resetToClient(501), packets.get(1));
        assertEquals(0, rig.flows.size());
        assertEquals(0, rig.flowsActive(1));
        assertEquals(1, rig.pipeline.orphansEnded());
    }

    @ParameterizedTest
    @EnumSource(
            value = FlowRule.class,
            names = {"RESET", "MOVE"})
    @DisplayName("a packet that comes before the sweep gets the RST at once")
    void packetResetsBothEnds(final FlowRule rule) {
        openNat();
        serve(BackendState.DOWN, BackendState.UP, rule);

        rig.send(CLIENT_SIDE, fromClient(PSH | ACK, 101, 501))
                .assertDropped(DropReason.BACKEND_DOWN);

        final List<byte[]> packets = made();
        assertEquals(2, packets.size());
        assertArrayEquals(resetToBackend(101), packets.get(0));
        assertArrayEquals(resetToClient(501), packets.get(1));
        assertEquals(0, rig.flows.size());
        sweep();
        assertTrue(made().isEmpty());
    }

    @ParameterizedTest
    @CsvSource({
        "NAT, [2001:db8:1::7]:4321, [2001:db8::10]:80, [2001:db8:2::1]:8080, [2001:db8:2::2]:8080",
        "FULL_NAT, 198.51.100.7:4321, 192.0.2.10:80, 10.2.0.1:8080, 10.2.0.2:8080",
        "FULL_NAT, [2001:db8:1::7]:4321, [2001:db8::10]:80, [2001:db8:2::1]:8080,"
                + " [2001:db8:2::2]:8080",
        "DSR_L2, 198.51.100.7:4321, 192.0.2.10:80, 10.2.0.1:80, 10.2.0.2:80",
        "DSR_L2, [2001:db8:1::7]:4321, [2001:db8::10]:80, [2001:db8:2::1]:80, [2001:db8:2::2]:80",
        "DSR_GRE, 198.51.100.7:4321, 192.0.2.10:80, 10.2.0.1:80, 10.2.0.2:80"
    })
    @DisplayName("the client gets an RST with its number in every mode and family")
    void everyMode(
            final Mode mode,
            final String client,
            final String vip,
            final String s1,
            final String s2) {
        final ServiceOptions rules = rules(FlowRule.RESET, FlowRule.KEEP);
        rig.adopt(
                table(mode, Protocol.TCP, vip, s1, s2, BackendState.UP, BackendState.DOWN, rules));
        rig.send(CLIENT_SIDE, at(client, vip, SYN, 100, 0));
        rig.send(CLIENT_SIDE, at(client, vip, ACK, 101, 501));
        rig.adopt(
                table(mode, Protocol.TCP, vip, s1, s2, BackendState.DOWN, BackendState.UP, rules));

        if (mode.isDsr()) {
            sweep();
            assertTrue(made().isEmpty(), "the client's number is not known yet");
        }
        rig.send(CLIENT_SIDE, at(client, vip, PSH | ACK, 101, 777))
                .assertDropped(DropReason.BACKEND_DOWN);

        final List<byte[]> packets = made();
        assertArrayEquals(
                reset(vip, client, CLIENT_SIDE_MAC, ROUTER, 777), packets.get(packets.size() - 1));
        assertEquals(0, rig.flows.size());
    }

    private static byte[] at(
            final String client, final String vip, final int flags, final int seq, final int ack) {
        return Frame.tcp(client, vip, flags)
                .macs(ROUTER, CLIENT_SIDE_MAC)
                .numbers(seq, ack)
                .bytes();
    }

    @Test
    @DisplayName("a sweep ends no more than there are frames for, and goes on in the next cycle")
    void sweepIsBounded() {
        serve(BackendState.UP, BackendState.DOWN, FlowRule.RESET);
        final int count = 200;
        for (int n = 0; n < count; n++) {
            final String client = "198.51.100.9:" + (1_000 + n);
            rig.send(CLIENT_SIDE, at(client, VIP, SYN, 100, 0));
            rig.send(
                    BACKEND_SIDE,
                    Frame.tcp(S1, client, SYN | ACK)
                            .macs(MAC1, BACKEND_SIDE_MAC)
                            .numbers(500, 101)
                            .bytes());
        }
        serve(BackendState.DOWN, BackendState.UP, FlowRule.RESET);

        int sweeps = 0;
        int resets = 0;
        while (rig.flows.size() > 0 && sweeps < 1_000) {
            sweep();
            final int sent = made().size();
            assertTrue(sent <= FRAMES);
            resets += sent;
            sweeps++;
        }

        assertEquals(2 * count, resets);
        assertTrue(sweeps >= 2 * count / FRAMES, "in " + sweeps + " sweeps");
    }

    // -- keep -------------------------------------------------------------------------------------

    @Test
    @DisplayName(
            "keep: an established connection goes on, a new one and an unanswered one elsewhere")
    void keep() {
        openNat();
        rig.send(CLIENT_SIDE, at("198.51.100.8:1", VIP, SYN, 1, 0));
        serve(BackendState.DOWN, BackendState.UP, FlowRule.KEEP);
        sweep();

        assertEquals(
                MAC1, macOf(rig.send(CLIENT_SIDE, fromClient(PSH | ACK, 101, 501)).assertTx()));
        assertEquals(
                MAC2,
                macOf(rig.send(CLIENT_SIDE, at("198.51.100.8:1", VIP, SYN, 1, 0)).assertTx()));
        assertEquals(
                MAC2,
                macOf(rig.send(CLIENT_SIDE, at("198.51.100.8:2", VIP, SYN, 1, 0)).assertTx()));
        assertTrue(made().isEmpty());
        assertEquals(1, rig.flowsActive(1));
    }

    @ParameterizedTest
    @EnumSource(FlowRule.class)
    @DisplayName("off ends the flows, whatever the rule")
    void off(final FlowRule rule) {
        openNat();
        serve(BackendState.OFF, BackendState.UP, rule);

        sweep();

        assertEquals(2, made().size());
        assertEquals(0, rig.flows.size());
    }

    // -- removed ----------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({
        "DRAIN, KEEP, true",
        "DRAIN, RESET, false",
        "DRAIN, MOVE, false",
        "OFF, KEEP, false"
    })
    @DisplayName(
            "of a backend that is no longer configured on-remove says what becomes of the flows")
    void removed(final BackendState state, final FlowRule onRemove, final boolean isKept) {
        openNat();
        rig.adopt(
                table(
                                Mode.NAT,
                                Protocol.TCP,
                                VIP,
                                S1,
                                S2,
                                state,
                                BackendState.UP,
                                rules(FlowRule.RESET, onRemove))
                        .retired(1));
        sweep();

        assertEquals(isKept ? 1 : 0, rig.flows.size());
        assertEquals(isKept ? 0 : 2, made().size());
        final Rig.Outcome data = rig.send(CLIENT_SIDE, fromClient(PSH | ACK, 101, 501));
        if (isKept) {
            assertEquals(MAC1, macOf(data.assertTx()));
        } else {
            data.assertDropped(DropReason.NO_FLOW);
        }
    }

    // -- move -------------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource(
            value = FlowRule.class,
            names = {"RESET", "MOVE"})
    @DisplayName("UDP and a SYN go to another backend, with or without a sweep between")
    void move(final FlowRule rule) {
        final ServiceOptions rules = rules(rule, FlowRule.KEEP);
        for (final boolean isSwept : new boolean[] {false, true}) {
            rig.adopt(dns(BackendState.UP, BackendState.DOWN, rules));
            final byte[] question =
                    Frame.udp(isSwept ? "198.51.100.7:1" : "198.51.100.7:2", "192.0.2.10:53")
                            .macs(ROUTER, CLIENT_SIDE_MAC)
                            .bytes();
            assertEquals(MAC1, macOf(rig.send(CLIENT_SIDE, question).assertTx()));
            rig.adopt(dns(BackendState.DOWN, BackendState.UP, rules));
            if (isSwept) {
                sweep();
                assertEquals(0, rig.flowsActive(1));
            }
            assertEquals(MAC2, macOf(rig.send(CLIENT_SIDE, question).assertTx()));
            assertTrue(made().isEmpty());
        }
    }

    private ForwardingTableBuilder dns(
            final BackendState one, final BackendState two, final ServiceOptions rules) {
        return table(
                Mode.NAT,
                Protocol.UDP,
                "192.0.2.10:53",
                "10.2.0.1:53",
                "10.2.0.2:53",
                one,
                two,
                rules);
    }

    private static String macOf(final byte[] frame) {
        return java.util.HexFormat.ofDelimiter(":").formatHex(frame, 0, 6);
    }
}
