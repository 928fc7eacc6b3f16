package io.naru.dataplane.port.xdp;

import static io.naru.linux.xdp.FilterDescriptor.ADDRESSES_MAP;
import static io.naru.linux.xdp.FilterDescriptor.BACKENDS_MAP;
import static io.naru.linux.xdp.FilterDescriptor.SERVICES_MAP;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.naru.dataplane.port.FilterRules;
import io.naru.dataplane.port.FilterRules.Address;
import io.naru.dataplane.port.FilterRules.BackendRule;
import io.naru.dataplane.port.FilterRules.ServiceRule;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class FilterEntriesTest {
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final Address VIP = Address.ipv4(0xc000020a); // 192.0.2.10
    private static final Address LOCAL = Address.ipv4(0x0a000001); // 10.0.0.1
    private static final String VIP_KEY = "00000000000000000000ffffc000020a";
    private static final String LOCAL_KEY = "00000000000000000000ffff0a000001";
    private static final int ROLE_HEAD = 2 * 8; // hex digits of flags and range count

    /** A map's elements in hexadecimal digits. */
    private static Map<String, String> entries(final FilterRules rules, final String map) {
        final Map<String, String> digits = new TreeMap<>();
        FilterEntries.of(rules).get(map).forEach((key, value) -> digits.put(hex(key), hex(value)));
        return digits;
    }

    private static String hex(final UnsafeBuffer buffer) {
        final byte[] bytes = new byte[buffer.capacity()];
        buffer.getBytes(0, bytes);
        return HexFormat.of().formatHex(bytes);
    }

    @Test
    void shouldGiveEachAddressItsRoles() {
        final FilterRules rules =
                new FilterRules(Set.of(new ServiceRule(VIP, TCP, 80, 80)), Set.of(), Set.of(LOCAL));

        final Map<String, String> addresses = entries(rules, ADDRESSES_MAP);

        assertEquals(Set.of(VIP_KEY, LOCAL_KEY), addresses.keySet());
        assertEquals("0100000000000000", addresses.get(VIP_KEY).substring(0, ROLE_HEAD));
        assertEquals("0200000000000000", addresses.get(LOCAL_KEY).substring(0, ROLE_HEAD));
        assertEquals(Map.of(), entries(rules, SERVICES_MAP));
        assertEquals(Map.of(), entries(rules, BACKENDS_MAP));
    }

    @Test
    void shouldListTheServicesOfAnAddressThatIsShared() {
        final FilterRules rules =
                new FilterRules(
                        Set.of(
                                new ServiceRule(LOCAL, TCP, 443, 443),
                                new ServiceRule(LOCAL, UDP, 5000, 5010),
                                new ServiceRule(LOCAL, TCP, 0, 65535)),
                        Set.of(),
                        Set.of(LOCAL));

        assertEquals(Map.of(LOCAL_KEY + "01bb0600", "00000000"), entries(rules, SERVICES_MAP));
        final String role = entries(rules, ADDRESSES_MAP).get(LOCAL_KEY);
        assertEquals(
                "0300000002000000" + "0000ffff06000000" + "8813921311000000" + "0".repeat(16),
                role.substring(0, 4 * ROLE_HEAD));
    }

    @Test
    void shouldKnowBackendsByEndpoint() {
        final Address six = new Address(0x20010db800020000L, 1);
        final FilterRules rules =
                new FilterRules(
                        Set.of(),
                        Set.of(
                                new BackendRule(LOCAL, TCP, 8080),
                                new BackendRule(six, UDP, 0),
                                new BackendRule(LOCAL, 47, 0)),
                        Set.of());

        assertEquals(
                Map.of(
                        LOCAL_KEY + "1f900600",
                        "00000000",
                        LOCAL_KEY + "00008600", // its fragments
                        "00000000",
                        "20010db8000200000000000000000001" + "00001100",
                        "00000000",
                        "20010db8000200000000000000000001" + "00009100",
                        "00000000",
                        LOCAL_KEY + "00002f00", // the end of a GRE tunnel
                        "00000000"),
                entries(rules, BACKENDS_MAP));
    }

    @Test
    void shouldMakeTheSameBytesOfTheSameRules() {
        final Set<ServiceRule> services = new HashSet<>();
        for (int port = 1; port < 16; port++) {
            services.add(new ServiceRule(LOCAL, TCP, port * 100, port * 100 + 10));
        }

        assertEquals(
                FilterEntries.of(new FilterRules(services, Set.of(), Set.of(LOCAL))),
                FilterEntries.of(
                        new FilterRules(new HashSet<>(services), Set.of(), Set.of(LOCAL))));
    }

    @Test
    void shouldRefuseMoreRangesThanThereIsRoomForOnlyOnASharedAddress() {
        final Set<ServiceRule> services = new HashSet<>();
        for (int port = 1; port <= 17; port++) {
            services.add(new ServiceRule(LOCAL, TCP, port * 100, port * 100 + 10));
        }

        assertEquals(
                "10.0.0.1 is the box's own address and a VIP with 17 port ranges: at most 16",
                assertThrows(
                                IllegalArgumentException.class,
                                () ->
                                        FilterEntries.of(
                                                new FilterRules(services, Set.of(), Set.of(LOCAL))))
                        .getMessage());
        assertEquals(
                1, entries(new FilterRules(services, Set.of(), Set.of()), ADDRESSES_MAP).size());
    }
}
