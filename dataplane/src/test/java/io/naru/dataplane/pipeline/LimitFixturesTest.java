package io.naru.dataplane.pipeline;

import static io.naru.dataplane.pipeline.Frame.ACK;
import static io.naru.dataplane.pipeline.Frame.RST;
import static io.naru.dataplane.pipeline.Frame.SYN;
import static io.naru.dataplane.pipeline.Rig.BACKEND_SIDE;
import static io.naru.dataplane.pipeline.Rig.CLIENT_SIDE;
import static io.naru.dataplane.pipeline.Rig.CLIENT_SIDE_MAC;
import static io.naru.dataplane.service.Specs.service;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.SendList;
import io.naru.dataplane.port.memory.MemoryFrames;
import io.naru.dataplane.protocol.AtLimit;
import io.naru.dataplane.protocol.BackendSpec;
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
import io.naru.dataplane.protocol.StatsLine;
import io.naru.dataplane.service.ForwardingTable;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What happens where a service or a backend has as many flows as it may. */
class LimitFixturesTest {
    private static final String ROUTER = "02:00:00:00:00:99";
    private static final String MAC1 = "02:00:00:00:02:01";
    private static final String MAC2 = "02:00:00:00:02:02";
    private static final String VIP = "192.0.2.10:80";
    private static final String VIP6 = "[2001:db8::10]:80";

    private final Rig rig = new Rig();
    private final MemoryFrames frames = new MemoryFrames(16, 2_048);
    private final FrameStack free = frames.share(16);
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

    private static BackendSpec spec(
            final String name, final String address, final int maxFlows, final int maxFlowRate) {
        return new BackendSpec(
                "pool",
                name,
                IpAddress.parse(address),
                8080,
                1,
                BackendSpec.FULL_SHARE,
                BackendSpec.DEFAULT_PRIORITY,
                maxFlows,
                maxFlowRate,
                BackendState.UP);
    }

    private void serve(
            final boolean isIpv6,
            final BackendSpec one,
            final BackendSpec two,
            final Protocol protocol,
            final FlowLimits limits) {
        rig.adopt(
                ForwardingTable.builder(1)
                        .backend(1, one, 1)
                        .backend(2, two, 2)
                        .service(
                                0,
                                service("web", isIpv6 ? VIP6 : VIP, protocol, Mode.NAT)
                                        .with(
                                                ServiceOptions.DEFAULT.with(
                                                        Selection.DEFAULT,
                                                        FlowRule.RESET,
                                                        FlowRule.KEEP,
                                                        limits,
                                                        Persistence.NONE)),
                                1,
                                2));
    }

    private void serve(
            final boolean isIpv6,
            final int maxFlowsOne,
            final int maxFlowsTwo,
            final FlowLimits limits) {
        serve(
                isIpv6,
                spec("s1", isIpv6 ? "2001:db8:2::1" : "10.2.0.1", maxFlowsOne, 0),
                spec("s2", isIpv6 ? "2001:db8:2::2" : "10.2.0.2", maxFlowsTwo, 0),
                Protocol.TCP,
                limits);
    }

    private Rig.Outcome open(final boolean isIpv6, final int port) {
        return rig.send(
                CLIENT_SIDE,
                Frame.tcp(client(isIpv6, port), isIpv6 ? VIP6 : VIP, SYN)
                        .macs(ROUTER, CLIENT_SIDE_MAC)
                        .numbers(100, 0)
                        .bytes());
    }

    private static String client(final boolean isIpv6, final int port) {
        return (isIpv6 ? "[2001:db8:1::7]:" : "198.51.100.7:") + port;
    }

    private static FlowLimits limits(final int maxFlows, final int maxRate, final AtLimit at) {
        return new FlowLimits(maxFlows, maxRate, at);
    }

    private static String macOf(final Rig.Outcome outcome) {
        return HexFormat.ofDelimiter(":").formatHex(outcome.assertTx(), 0, 6);
    }

    @ParameterizedTest
    @CsvSource({"false", "true"})
    @DisplayName("next: a flow that a backend has no room for goes to one that has")
    void next(final boolean isIpv6) {
        serve(isIpv6, 2, 5, limits(0, 0, AtLimit.NEXT));
        for (int port = 1; port <= 7; port++) {
            open(isIpv6, port).assertTx();
        }

        assertEquals(2, rig.flowsActive(1));
        assertEquals(5, rig.flowsActive(2));
        assertEquals(0, rig.service(0, StatsLine.FLOWS_OVER_LIMIT_OFFSET));

        open(isIpv6, 8).assertDropped(DropReason.OVER_LIMIT);
        assertEquals(1, rig.service(0, StatsLine.FLOWS_OVER_LIMIT_OFFSET));
        assertEquals(
                0, rig.service(0, StatsLine.FLOWS_REFUSED_OFFSET), "a limit is not a lack of any");
        assertEquals(7, rig.flows.size());
    }

    @ParameterizedTest
    @CsvSource({"false", "true"})
    @DisplayName("drop: a flow that its backend has no room for is dropped, others go on")
    void drop(final boolean isIpv6) {
        serve(isIpv6, 1, 0, limits(0, 0, AtLimit.DROP));
        int dropped = 0;
        for (int port = 1; port <= 10; port++) {
            final Rig.Outcome outcome = open(isIpv6, port);
            dropped += outcome.isSent() ? 0 : 1;
        }

        assertEquals(4, dropped, "rr gives every second one to each");
        assertEquals(1, rig.flowsActive(1));
        assertEquals(5, rig.flowsActive(2));
        assertEquals(4, rig.backend(1, StatsLine.FLOWS_OVER_LIMIT_OFFSET));
        assertEquals(0, rig.backend(2, StatsLine.FLOWS_OVER_LIMIT_OFFSET));
        assertEquals(0, sendList.count());
    }

    @ParameterizedTest
    @CsvSource({"false", "true"})
    @DisplayName("reset: the client is refused as by a server that does not listen")
    void reset(final boolean isIpv6) {
        serve(isIpv6, 0, 0, limits(1, 0, AtLimit.RESET));
        open(isIpv6, 1).assertTx();
        open(isIpv6, 2).assertDropped(DropReason.OVER_LIMIT);

        assertEquals(1, sendList.count());
        final byte[] packet = new byte[sendList.length(0)];
        for (int at = 0; at < packet.length; at++) {
            packet[at] = RawMemory.getByte(sendList.address(0) + at);
        }
        assertNull(Checksums.problem(packet));
        assertArrayEquals(
                Frame.tcp(isIpv6 ? VIP6 : VIP, client(isIpv6, 2), RST | ACK)
                        .macs(CLIENT_SIDE_MAC, ROUTER)
                        .identification(0)
                        .numbers(0, 101)
                        .window(0)
                        .bytes(),
                packet);
    }

    @Test
    @DisplayName("a service's own limit is over all its backends, and an ended flow makes room")
    void serviceLimit() {
        serve(false, 0, 0, limits(2, 0, AtLimit.NEXT));
        open(false, 1).assertTx();
        open(false, 2).assertTx();
        open(false, 3).assertDropped(DropReason.OVER_LIMIT);

        rig.send(
                CLIENT_SIDE,
                Frame.tcp(client(false, 1), VIP, RST).macs(ROUTER, CLIENT_SIDE_MAC).bytes());
        open(false, 3).assertDropped(DropReason.OVER_LIMIT); // it is still in the table
        rig.advance(70);
        rig.flows.visit(
                0,
                rig.flows.bucketCount(),
                entry -> {
                    if (rig.flows.expiry().isExpired(entry, (int) (rig.nowNs >>> 24))) {
                        rig.flows.expire(entry);
                    }
                });
        open(false, 3).assertTx();
        assertEquals(2, rig.service(0, StatsLine.FLOWS_OVER_LIMIT_OFFSET));
    }

    @Test
    @DisplayName("packets of flows that are there pass whatever the limit is")
    void flowsPass() {
        serve(false, 0, 0, limits(1, 1, AtLimit.RESET));
        open(false, 1).assertTx();
        for (int n = 0; n < 10; n++) {
            open(false, 1).assertTx(); // the SYN again
            rig.send(
                            CLIENT_SIDE,
                            Frame.tcp(client(false, 1), VIP, ACK)
                                    .macs(ROUTER, CLIENT_SIDE_MAC)
                                    .bytes())
                    .assertTx();
        }
        assertEquals(0, rig.service(0, StatsLine.FLOWS_OVER_LIMIT_OFFSET));
    }

    @Test
    @DisplayName("a rate lets a second's worth through at once, and then as many as it says")
    void serviceRate() {
        serve(false, 0, 0, limits(0, 10, AtLimit.DROP));
        assertEquals(10, opened(1, 30));
        rig.advance(1);
        assertEquals(10, opened(100, 30));
        assertEquals(40, rig.service(0, StatsLine.FLOWS_OVER_LIMIT_OFFSET));
    }

    @Test
    @DisplayName("a backend's rate sends what is over it to others")
    void backendRate() {
        serve(
                false,
                spec("s1", "10.2.0.1", 0, 3),
                spec("s2", "10.2.0.2", 0, 0),
                Protocol.TCP,
                limits(0, 0, AtLimit.NEXT));
        assertEquals(40, opened(1, 40));
        assertEquals(3, rig.flowsActive(1));
        assertEquals(37, rig.flowsActive(2));
    }

    private int opened(final int firstPort, final int count) {
        int sent = 0;
        for (int port = firstPort; port < firstPort + count; port++) {
            sent += open(false, port).isSent() ? 1 : 0;
        }
        return sent;
    }

    @Test
    @DisplayName("a UDP flow that is over a limit is dropped, whatever is asked")
    void udp() {
        serve(
                false,
                spec("s1", "10.2.0.1", 0, 0),
                spec("s2", "10.2.0.2", 0, 0),
                Protocol.UDP,
                limits(1, 0, AtLimit.RESET));
        final byte[] first = Frame.udp("198.51.100.7:1", VIP).macs(ROUTER, CLIENT_SIDE_MAC).bytes();
        final byte[] second =
                Frame.udp("198.51.100.7:2", VIP).macs(ROUTER, CLIENT_SIDE_MAC).bytes();

        assertEquals(MAC1, macOf(rig.send(CLIENT_SIDE, first)));
        rig.send(CLIENT_SIDE, second).assertDropped(DropReason.OVER_LIMIT);
        assertEquals(0, sendList.count());
    }
}
