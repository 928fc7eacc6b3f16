package io.naru.dataplane.pipeline;

import static io.naru.dataplane.pipeline.Frame.ACK;
import static io.naru.dataplane.pipeline.Frame.FIN;
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

import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.flow.FlowSweeper;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.SendList;
import io.naru.dataplane.port.memory.MemoryFrames;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.ServiceOptions;
import io.naru.dataplane.service.ForwardingTable;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What both ends get when a connection was idle for too long. */
class IdleResetFixturesTest {
    private static final String ROUTER = "02:00:00:00:00:99";
    private static final String MAC1 = "02:00:00:00:02:01";
    private static final long LONG_S = 3 * 3_600;

    private final Rig rig = new Rig();
    private final MemoryFrames frames = new MemoryFrames(16, 2_048);
    private final FrameStack free = frames.share(16);
    private final SendList sendList = new SendList(free);
    private final FlowSweeper sweeper = new FlowSweeper(rig.flows, FlowEntry.ticks(rig.nowNs));

    @BeforeEach
    void setUp() {
        rig.pipeline.sendList(sendList);
        rig.hop(1, MAC1, BACKEND_SIDE);
    }

    @AfterEach
    void close() {
        rig.close();
        frames.close();
    }

    private void serve(final Mode mode, final String vip, final String server) {
        final ServiceOptions plain = ServiceOptions.DEFAULT;
        final ServiceOptions resets =
                new ServiceOptions(
                        false, false, true, plain.mssClamp(), plain.oversize(), plain.tunnel());
        rig.adopt(
                ForwardingTable.builder(1)
                        .localAddress(0, IpAddress.parse("10.2.0.99"), false)
                        .localAddress(1, IpAddress.parse("2001:db8:2::99"), false)
                        .backend(1, backend("s1", server), 1)
                        .service(0, service("web", vip, Protocol.TCP, mode).with(resets), 1));
    }

    /** What was made since the last time. */
    private List<byte[]> made() {
        final List<byte[]> packets = new ArrayList<>();
        for (int k = 0; k < sendList.count(); k++) {
            final byte[] packet = new byte[sendList.length(k)];
            for (int at = 0; at < packet.length; at++) {
                packet[at] = RawMemory.getByte(sendList.address(k) + at);
            }
            packets.add(packet);
            free.push(sendList.address(k));
        }
        sendList.clear();
        return packets;
    }

    private void sweepAfter(final long seconds) {
        rig.advance(seconds);
        sweeper.sweep(FlowEntry.ticks(rig.nowNs), rig.flows.bucketCount());
    }

    @ParameterizedTest
    @CsvSource({
        "NAT, 198.51.100.7:4321, 192.0.2.10:80, 10.2.0.1:8080, ''",
        "NAT, [2001:db8:1::7]:4321, [2001:db8::10]:80, [2001:db8:2::1]:8080, ''",
        "FULL_NAT, 198.51.100.7:4321, 192.0.2.10:80, 10.2.0.1:8080, 10.2.0.99",
        "FULL_NAT, [2001:db8:1::7]:4321, [2001:db8::10]:80, [2001:db8:2::1]:8080, [2001:db8:2::99]"
    })
    @DisplayName("each end gets an RST with the number that it expects, from the other")
    void bothEnds(
            final Mode mode,
            final String client,
            final String vip,
            final String server,
            final String local) {
        serve(mode, vip, server);
        final byte[] syn =
                rig.send(
                                CLIENT_SIDE,
                                Frame.tcp(client, vip, SYN)
                                        .macs(ROUTER, CLIENT_SIDE_MAC)
                                        .numbers(100, 0)
                                        .bytes())
                        .out;
        final int l4 = client.startsWith("[") ? 54 : 34;
        final int port = (syn[l4] & 0xff) << 8 | (syn[l4 + 1] & 0xff);
        final String source = local.isEmpty() ? client : local + ":" + port;
        rig.send(
                BACKEND_SIDE,
                Frame.tcp(server, source, SYN | ACK)
                        .macs(MAC1, BACKEND_SIDE_MAC)
                        .numbers(0xffff_fff0, 101)
                        .bytes());
        rig.send(
                CLIENT_SIDE,
                Frame.tcp(client, vip, ACK)
                        .macs(ROUTER, CLIENT_SIDE_MAC)
                        .numbers(101, 1)
                        .payload(11)
                        .bytes());
        final byte[] answer =
                Frame.tcp(server, source, ACK)
                        .macs(MAC1, BACKEND_SIDE_MAC)
                        .numbers(0xffff_fff1, 112)
                        .payload(32)
                        .bytes();
        rig.send(BACKEND_SIDE, answer);
        rig.send(BACKEND_SIDE, answer); // again: it is not counted twice

        sweepAfter(LONG_S);

        final List<byte[]> packets = made();
        assertEquals(2, packets.size());
        assertArrayEquals(
                Frame.tcp(source, server, RST)
                        .macs(BACKEND_SIDE_MAC, MAC1)
                        .identification(0)
                        .numbers(112, 0)
                        .window(0)
                        .bytes(),
                packets.get(0));
        assertArrayEquals(
                Frame.tcp(vip, client, RST)
                        .macs(CLIENT_SIDE_MAC, ROUTER)
                        .identification(0)
                        .numbers(0x11, 0)
                        .window(0)
                        .bytes(),
                packets.get(1));
        packets.forEach(packet -> assertNull(Checksums.problem(packet)));
        assertEquals(0, rig.flows.size());
    }

    @Test
    @DisplayName("a connection that was closed, or never opened, ends without one")
    void nothingToReset() {
        serve(Mode.NAT, "192.0.2.10:80", "10.2.0.1:8080");
        rig.send(CLIENT_SIDE, fromClient(1, SYN));
        rig.send(CLIENT_SIDE, fromClient(2, SYN));
        rig.send(BACKEND_SIDE, fromBackend(2, SYN | ACK));
        rig.send(CLIENT_SIDE, fromClient(2, FIN | ACK));
        rig.send(BACKEND_SIDE, fromBackend(2, FIN | ACK));
        rig.send(CLIENT_SIDE, fromClient(2, ACK));

        sweepAfter(LONG_S);

        assertEquals(0, rig.flows.size());
        assertTrue(made().isEmpty());
    }

    @Test
    @DisplayName("without the option there is none")
    void withoutOption() {
        rig.adopt(
                ForwardingTable.builder(1)
                        .backend(1, backend("s1", "10.2.0.1:8080"), 1)
                        .service(0, service("web", "192.0.2.10:80", Protocol.TCP, Mode.NAT), 1));
        rig.send(CLIENT_SIDE, fromClient(1, SYN));
        rig.send(BACKEND_SIDE, fromBackend(1, SYN | ACK));
        rig.send(CLIENT_SIDE, fromClient(1, ACK));

        sweepAfter(LONG_S);

        assertEquals(0, rig.flows.size());
        assertTrue(made().isEmpty());
    }

    private static byte[] fromClient(final int number, final int flags) {
        return Frame.tcp("198.51.100." + number + ":4321", "192.0.2.10:80", flags)
                .macs(ROUTER, CLIENT_SIDE_MAC)
                .bytes();
    }

    private static byte[] fromBackend(final int number, final int flags) {
        return Frame.tcp("10.2.0.1:8080", "198.51.100." + number + ":4321", flags)
                .macs(MAC1, BACKEND_SIDE_MAC)
                .bytes();
    }
}
