package io.naru.dataplane.pipeline;

import static io.naru.dataplane.pipeline.Frame.ACK;
import static io.naru.dataplane.pipeline.Frame.PSH;
import static io.naru.dataplane.pipeline.Frame.SYN;
import static io.naru.dataplane.pipeline.Rig.CLIENT_SIDE;
import static io.naru.dataplane.pipeline.Rig.CLIENT_SIDE_MAC;
import static io.naru.dataplane.service.Specs.backend;
import static io.naru.dataplane.service.Specs.service;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.FlowLimits;
import io.naru.dataplane.protocol.FlowRule;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Persistence;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.Selection;
import io.naru.dataplane.protocol.ServiceOptions;
import io.naru.dataplane.protocol.ServiceSpec;
import io.naru.dataplane.protocol.StatsLine;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.service.ForwardingTableBuilder;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What of a packet an algorithm goes by, and that a change of it moves no flow. */
class AlgorithmFixturesTest {
    private static final String ROUTER = "02:00:00:00:00:99";
    private static final int BACKENDS = 8;

    private final Rig rig = new Rig();

    @AfterEach
    void close() {
        rig.close();
    }

    private void serve(final Algorithm algorithm, final Selection selection) {
        final ForwardingTableBuilder table = ForwardingTable.builder(1);
        final int[] ids4 = new int[BACKENDS];
        final int[] ids6 = new int[BACKENDS];
        for (int i = 0; i < BACKENDS; i++) {
            ids4[i] = i;
            ids6[i] = BACKENDS + i;
            rig.hop(ids4[i], "02:00:00:00:04:0" + i, Rig.BACKEND_SIDE);
            rig.hop(ids6[i], "02:00:00:00:06:0" + i, Rig.BACKEND_SIDE);
            table.backend(ids4[i], backend("s" + i, "10.2.0." + (i + 1) + ":0"), ids4[i]);
            table.backend(ids6[i], backend("t" + i, "[2001:db8:2::" + (i + 1) + "]:0"), ids6[i]);
        }
        table.service(0, spec("web", "192.0.2.10:80-89", algorithm, selection), ids4);
        table.service(1, spec("web6", "[2001:db8::10]:80-89", algorithm, selection), ids6);
        table.service(2, spec("shop", "192.0.2.11:80-89", algorithm, selection), ids4);
        table.service(3, spec("shop6", "[2001:db8::11]:80-89", algorithm, selection), ids6);
        rig.adopt(table);
    }

    private static ServiceSpec spec(
            final String name,
            final String endpoint,
            final Algorithm algorithm,
            final Selection selection) {
        final ServiceSpec spec = service(name, endpoint, Protocol.TCP, Mode.NAT, algorithm);
        return new ServiceSpec(
                spec.name(),
                spec.vip(),
                spec.protocol(),
                spec.portFirst(),
                spec.portLast(),
                spec.mode(),
                spec.algorithm(),
                spec.pool(),
                spec.timeouts(),
                ServiceOptions.DEFAULT.with(
                        selection,
                        FlowRule.RESET,
                        FlowRule.KEEP,
                        FlowLimits.DEFAULT,
                        Persistence.NONE));
    }

    private int backendOf(final String client, final String vip, final int flags) {
        final long[] before = new long[2 * BACKENDS];
        for (int id = 0; id < before.length; id++) {
            before[id] = rig.backend(id, StatsLine.PACKETS_TO_BACKEND_OFFSET);
        }
        final byte[] frame = Frame.tcp(client, vip, flags).macs(ROUTER, CLIENT_SIDE_MAC).bytes();
        assertTrue(rig.send(CLIENT_SIDE, frame).isSent());
        for (int id = 0; id < before.length; id++) {
            if (rig.backend(id, StatsLine.PACKETS_TO_BACKEND_OFFSET) != before[id]) {
                return id;
            }
        }
        throw new AssertionError("no backend got it");
    }

    private static String client(final boolean isIpv6, final int host, final int port) {
        return (isIpv6 ? "[2001:db8:1::" + host + "]:" : "198.51.100." + host + ":") + port;
    }

    private static String vip(final boolean isIpv6, final int host, final int port) {
        return (isIpv6 ? "[2001:db8::" : "192.0.2.") + host + (isIpv6 ? "]:" : ":") + port;
    }

    @ParameterizedTest
    @CsvSource({
        // algorithm, maglev by source, depends on: client address, client port, VIP, VIP's port
        "SH,      false, true,  false, false, false",
        "SH_PORT, false, true,  true,  false, false",
        "DH,      false, false, false, true,  false",
        "MAGLEV,  false, true,  true,  true,  true",
        "MAGLEV,  true,  true,  false, false, false"
    })
    @DisplayName("a hash is of what its name says, and of nothing else")
    void hashed(
            final Algorithm algorithm,
            final boolean bySource,
            final boolean ofClient,
            final boolean ofClientPort,
            final boolean ofVip,
            final boolean ofVipPort) {
        serve(algorithm, new Selection(bySource, Selection.SMALL));
        for (final boolean isIpv6 : new boolean[] {false, true}) {
            final Set<Integer> clients = new HashSet<>();
            final Set<Integer> clientPorts = new HashSet<>();
            final Set<Integer> vipPorts = new HashSet<>();
            boolean vipsDiffer = false;
            for (int i = 1; i <= 9; i++) {
                clients.add(backendOf(client(isIpv6, i, 5_000), vip(isIpv6, 10, 80), SYN));
                clientPorts.add(backendOf(client(isIpv6, 99, 6_000 + i), vip(isIpv6, 10, 80), SYN));
                vipPorts.add(backendOf(client(isIpv6, 99, 7_000), vip(isIpv6, 10, 80 + i), SYN));
                vipsDiffer |=
                        backendOf(client(isIpv6, 88, 7_000 + i), vip(isIpv6, 10, 80), SYN)
                                != backendOf(
                                        client(isIpv6, 88, 7_000 + i), vip(isIpv6, 11, 81), SYN);
            }

            assertEquals(ofClient, clients.size() > 1, "client");
            assertEquals(ofClientPort, clientPorts.size() > 1, "client's port");
            assertEquals(ofVipPort, vipPorts.size() > 1, "VIP's port");
            if (algorithm != Algorithm.DH) { // two VIPs may well have the same backend
                assertEquals(ofVip, vipsDiffer, "VIP");
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Algorithm.class)
    @DisplayName("another algorithm is for new flows; those that live stay where they are")
    void changed(final Algorithm algorithm) {
        serve(Algorithm.RR, Selection.DEFAULT);
        final int[] backends = new int[2 * BACKENDS];
        for (int i = 0; i < backends.length; i++) {
            backends[i] = backendOf(client(false, 7, 5_000 + i), vip(false, 10, 80), SYN);
        }

        serve(algorithm, Selection.DEFAULT);

        for (int i = 0; i < backends.length; i++) {
            final String client = client(false, 7, 5_000 + i);
            assertEquals(backends[i], backendOf(client, vip(false, 10, 80), PSH | ACK));
        }
        assertTrue(backendOf(client(false, 8, 5_000), vip(false, 10, 80), SYN) < BACKENDS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"FO", "OVF"})
    @DisplayName("where there is no room for flows, a lower priority still gets nothing")
    void looseByPriority(final String name) {
        final Algorithm algorithm = Algorithm.valueOf(name);
        try (Rig small = new Rig(64, true)) {
            small.hop(1, "02:00:00:00:04:01", Rig.BACKEND_SIDE);
            small.hop(2, "02:00:00:00:04:02", Rig.BACKEND_SIDE);
            small.adopt(
                    ForwardingTable.builder(1)
                            .backend(1, backend("low", "10.2.0.1:80"), 1)
                            .backend(2, prior(), 2)
                            .service(
                                    0,
                                    service(
                                            "web",
                                            "192.0.2.10:80",
                                            Protocol.TCP,
                                            Mode.NAT,
                                            algorithm),
                                    1,
                                    2));
            for (int port = 1_024; port < 1_224; port++) {
                final String client = "198.51.100.7:" + port;
                send(small, client, SYN);
                small.send(
                        Rig.BACKEND_SIDE,
                        Frame.tcp("10.2.0.2:80", client, SYN | ACK)
                                .macs("02:00:00:00:04:02", Rig.BACKEND_SIDE_MAC)
                                .bytes());
                send(small, client, ACK);
            }

            assertTrue(small.pipeline.loosePackets() > 0);
            assertEquals(0, small.backend(1, StatsLine.PACKETS_TO_BACKEND_OFFSET));
        }
    }

    private static void send(final Rig rig, final String client, final int flags) {
        rig.send(
                CLIENT_SIDE,
                Frame.tcp(client, "192.0.2.10:80", flags).macs(ROUTER, CLIENT_SIDE_MAC).bytes());
    }

    private static BackendSpec prior() {
        final BackendSpec spec = backend("high", "10.2.0.2:80");
        return new BackendSpec(
                spec.pool(),
                spec.name(),
                spec.address(),
                spec.port(),
                spec.weight(),
                spec.share(),
                200,
                spec.maxFlows(),
                spec.maxFlowRate(),
                spec.state());
    }
}
