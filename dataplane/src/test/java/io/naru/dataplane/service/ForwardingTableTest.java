package io.naru.dataplane.service;

import static io.naru.dataplane.service.Specs.backend;
import static io.naru.dataplane.service.Specs.ipNet;
import static io.naru.dataplane.service.Specs.portNet;
import static io.naru.dataplane.service.Specs.service;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ForwardingTableTest {
    private static final int TCP = 6;
    private static final int UDP = 17;

    private final ForwardingTableBuilder builder =
            ForwardingTable.builder(7)
                    .backend(1, backend("s1", "10.2.0.1:8080"), 11)
                    .backend(2, backend("s2", "10.2.0.2:0"), 12);

    @Test
    void shouldFindServiceByItsPort() {
        final ForwardingTable table =
                builder.service(3, service("web", "192.0.2.10:80", Protocol.TCP, Mode.NAT), 1, 2)
                        .build();

        assertEquals(7, table.epoch());
        assertEquals(3, table.serviceOf(ipNet("192.0.2.10"), TCP, portNet(80)));
        assertEquals(-1, table.serviceOf(ipNet("192.0.2.10"), UDP, portNet(80)));
        assertEquals(-1, table.serviceOf(ipNet("192.0.2.10"), TCP, portNet(81)));
        assertEquals(-1, table.serviceOf(ipNet("192.0.2.11"), TCP, portNet(80)));
        assertEquals(Mode.NAT, table.mode(3));
    }

    @Test
    void shouldPreferThePortToTheRangeAndTheRangeToAnyPort() {
        final ForwardingTable table =
                builder.service(0, service("any", "192.0.2.10:0-65535", Protocol.TCP, Mode.NAT), 1)
                        .service(1, service("r", "192.0.2.10:8000-8010", Protocol.TCP, Mode.NAT), 1)
                        .service(2, service("one", "192.0.2.10:8005", Protocol.TCP, Mode.NAT), 1)
                        .service(
                                3,
                                service("end", "192.0.2.10:65534-65535", Protocol.TCP, Mode.NAT),
                                1)
                        .build();

        assertEquals(0, serviceOf(table, 1));
        assertEquals(0, serviceOf(table, 7999));
        assertEquals(1, serviceOf(table, 8000));
        assertEquals(1, serviceOf(table, 8004));
        assertEquals(2, serviceOf(table, 8005));
        assertEquals(1, serviceOf(table, 8010));
        assertEquals(0, serviceOf(table, 8011));
        assertEquals(0, serviceOf(table, 65533));
        assertEquals(3, serviceOf(table, 65534));
        assertEquals(3, serviceOf(table, 65535));
    }

    @Test
    void shouldAgreeWithPlainSetAboutVips() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        for (int round = 0; round < 40; round++) {
            final Set<Integer> vips = new HashSet<>();
            final int count = round == 0 ? 0 : 1 + random.nextInt(4096);
            while (vips.size() < count) {
                vips.add(
                        round % 2 == 0
                                ? random.nextInt()
                                : Integer.reverseBytes(0xc000_0200 + vips.size()));
            }

            final VipSet set = new VipSet(vips);

            for (final int vip : vips) {
                assertEquals(1, set.contains(vip), () -> "seed " + seed);
            }
            for (int i = 0; i < 4096; i++) {
                final int ip = i == 0 ? 0 : random.nextInt();
                assertEquals(vips.contains(ip) ? 1 : 0, set.contains(ip), () -> "seed " + seed);
            }
        }
    }

    @Test
    void shouldKnowTheEndpointsOfNatBackends() {
        final ForwardingTable table =
                builder.backend(4, backend("s4", "10.2.0.4:8080"), 14)
                        .service(0, service("web", "192.0.2.10:80", Protocol.TCP, Mode.NAT), 1, 2)
                        .service(1, service("r", "192.0.2.10:90-99", Protocol.UDP, Mode.NAT), 2)
                        .service(2, service("d", "192.0.2.11:8080", Protocol.TCP, Mode.DSR_L2), 4)
                        .build();

        assertTrue(table.isNatBackend(ipNet("10.2.0.1"), TCP, portNet(8080)));
        assertFalse(table.isNatBackend(ipNet("10.2.0.1"), TCP, portNet(80)));
        assertTrue(table.isNatBackend(ipNet("10.2.0.2"), TCP, portNet(80)));
        assertFalse(table.isNatBackend(ipNet("10.2.0.2"), TCP, portNet(81)));
        assertTrue(table.isNatBackend(ipNet("10.2.0.2"), UDP, portNet(12345)), "a range: any port");
        assertFalse(table.isNatBackend(ipNet("10.2.0.4"), TCP, portNet(8080)), "dsr-l2");
    }

    @Test
    void shouldGiveHopOnlyOfBackendsThatMayGetPackets() {
        final ForwardingTable table =
                builder.backend(5, backend("s5", "10.2.0.5:80", 1, BackendState.DRAIN), 15)
                        .backend(6, backend("s6", "10.2.0.6:80", 1, BackendState.DOWN), 16)
                        .backend(7, backend("s7", "10.2.0.7:80", 1, BackendState.STANDBY), 17)
                        .build();

        assertEquals(11, table.hopId(1));
        assertEquals(15, table.hopId(5));
        assertTrue(table.hopId(6) < 0);
        assertEquals(17, table.hopId(7));
        assertTrue(table.hopId(0) < 0, "no such backend");
        assertTrue(table.hopId(16_000) < 0, "no such backend");
        assertTrue(table.takesNewFlows(1));
        assertFalse(table.takesNewFlows(5));
        assertFalse(table.takesNewFlows(6));
        assertFalse(table.takesNewFlows(7));
        assertFalse(table.takesNewFlows(16_000));
    }

    @Test
    void shouldKeepThePortOfTheServiceWhenTheBackendHasNone() {
        final ForwardingTable table = builder.build();

        assertEquals(portNet(8080), table.backendPortNet(1, portNet(80)));
        assertEquals(portNet(80), table.backendPortNet(2, portNet(80)));
        assertEquals(ipNet("10.2.0.2"), table.backendIpNet(2));
    }

    @Test
    void shouldChooseStablyInProportionToWeights() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        final ForwardingTable table =
                ForwardingTable.builder(1)
                        .backend(0, backend("a", "10.2.0.1:80", 1, BackendState.UP), 0)
                        .backend(1, backend("b", "10.2.0.2:80", 3, BackendState.UP), 0)
                        .backend(2, backend("c", "10.2.0.3:80", 9, BackendState.DRAIN), 0)
                        .backend(3, backend("d", "10.2.0.4:80", 0, BackendState.UP), 0)
                        .service(
                                0,
                                service("web", "192.0.2.10:80", Protocol.TCP, Mode.NAT),
                                0,
                                1,
                                2,
                                3)
                        .service(1, service("no", "192.0.2.10:81", Protocol.TCP, Mode.NAT), 2)
                        .build();

        final int[] chosen = new int[4];
        for (int i = 0; i < 40_000; i++) {
            final long hash = random.nextLong();
            final int id = table.stableBackend(0, hash);
            assertEquals(id, table.stableBackend(0, hash));
            chosen[id]++;
        }

        assertEquals(10_000, chosen[0], 500, () -> "seed " + seed);
        assertEquals(30_000, chosen[1], 500, () -> "seed " + seed);
        assertEquals(-1, table.stableBackend(1, 42));
    }

    @Test
    void shouldRefuseWhatCannotBeForwarded() {
        assertRefused(
                "service b: port is 80, expected one that service a does not have",
                () ->
                        builder.service(0, tcp("a", "192.0.2.1:80"), 1)
                                .service(1, tcp("b", "192.0.2.1:80"), 1)
                                .build());
        assertRefused(
                "service d: port range is 90-110, expected one apart from or inside the 80-100 of"
                        + " service c",
                () ->
                        ForwardingTable.builder(1)
                                .service(0, tcp("c", "192.0.2.1:80-100"))
                                .service(1, tcp("d", "192.0.2.1:90-110"))
                                .build());
        assertRefused(
                "service e: backend id is 9, expected the id of a backend in this table",
                () -> ForwardingTable.builder(1).service(0, tcp("e", "192.0.2.1:80"), 9).build());
        assertRefused(
                "service f: port of backend s1 is 8080, expected the port of the service, as"
                        + " dsr-l2 changes none",
                () ->
                        ForwardingTable.builder(1)
                                .backend(1, backend("s1", "10.2.0.1:8080"), 11)
                                .service(
                                        0,
                                        service("f", "192.0.2.1:80", Protocol.TCP, Mode.DSR_L2),
                                        1)
                                .build());
        assertRefused(
                "service g: address is 224.0.0.1, expected a unicast address",
                () -> ForwardingTable.builder(1).service(0, tcp("g", "224.0.0.1:80")));
        assertRefused(
                "backend s9 of pool pool: state is keep, expected up, standby, drain,"
                        + " down or off",
                () ->
                        ForwardingTable.builder(1)
                                .backend(0, backend("s9", "10.0.0.9:0", 1, BackendState.KEEP), 1));
        assertRefused(
                "backend s9 of pool pool: id is 16384, expected 0 to 16383",
                () -> ForwardingTable.builder(1).backend(16_384, backend("s9", "10.0.0.9:0"), 1));
        assertRefused(
                "service h: id is 3, expected one not in use",
                () ->
                        ForwardingTable.builder(1)
                                .service(3, tcp("g", "192.0.2.1:80"))
                                .service(3, tcp("h", "192.0.2.1:81")));
    }

    private static void assertRefused(final String text, final Runnable action) {
        assertEquals(text, assertThrows(IllegalArgumentException.class, action::run).getMessage());
    }

    private static io.naru.dataplane.protocol.ServiceSpec tcp(
            final String name, final String endpoint) {
        return service(name, endpoint, Protocol.TCP, Mode.NAT);
    }

    private static int serviceOf(final ForwardingTable table, final int port) {
        return table.serviceOf(ipNet("192.0.2.10"), TCP, portNet(port));
    }
}
