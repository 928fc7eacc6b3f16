package io.naru.dataplane.service;

import io.naru.dataplane.protocol.IpAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Our source addresses towards backends, by id in flat arrays: those that are configured, VIPs that
 * stand in for one, and those that only flows of before still have. Immutable; part of a {@link
 * ForwardingTable}.
 */
public final class LocalAddresses {
    public static final LocalAddresses NONE =
            new LocalAddresses(new IpAddress[0], new boolean[0], new IpAddress[0]);

    private final IpAddress[] addresses;
    private final boolean hasVip;
    private final int[] configuredIds;
    private final int[] configuredIds6;
    private final LongIntTable ids;
    private final AddressTable ids6;
    private final int[] ipNet;
    private final long[] highNet;
    private final long[] lowNet;

    /**
     * @param addresses by id, null where there is none.
     * @param isVip by id, whether it is a VIP that stands in for a local address.
     * @param formers by id, addresses that are none any more.
     */
    LocalAddresses(final IpAddress[] addresses, final boolean[] isVip, final IpAddress... formers) {
        this.addresses = addresses;
        hasVip = IntStream.range(0, addresses.length).anyMatch(id -> isVip[id]);
        configuredIds = configuredIds(addresses, isVip, true);
        configuredIds6 = configuredIds(addresses, isVip, false);
        final Map<Long, Integer> idByIpv4 = new HashMap<>();
        final Map<IpAddress, Integer> idByIpv6 = new HashMap<>();
        final int idLimit = Math.max(addresses.length, formers.length);
        ipNet = new int[idLimit];
        highNet = new long[idLimit];
        lowNet = new long[idLimit];
        for (int id = 0; id < idLimit; id++) {
            final IpAddress current = address(id);
            if (current != null && current.isIpv4()) {
                idByIpv4.put(EndpointKey.ofAddress(Integer.reverseBytes(current.ipv4())), id);
            } else if (current != null) {
                idByIpv6.put(current, id);
            }
            final IpAddress known = current == null && id < formers.length ? formers[id] : current;
            if (known != null) {
                ipNet[id] = Integer.reverseBytes(known.ipv4());
                highNet[id] = Long.reverseBytes(known.high());
                lowNet[id] = Long.reverseBytes(known.low());
            }
        }
        ids = new LongIntTable(idByIpv4);
        ids6 = new AddressTable(idByIpv6);
    }

    private static int[] configuredIds(
            final IpAddress[] addresses, final boolean[] isVip, final boolean isIpv4) {
        return IntStream.range(0, addresses.length)
                .filter(id -> addresses[id] != null && !isVip[id])
                .filter(id -> addresses[id].isIpv4() == isIpv4)
                .toArray();
    }

    /** Whether there is none, but for those of before. */
    public boolean isEmpty() {
        return addresses.length == 0;
    }

    /** Whether VIPs stand in for local addresses. */
    public boolean hasVip() {
        return hasVip;
    }

    /** The id of a local address, or {@link ForwardingTable#NONE}. */
    public int idOf(final int addressNet) {
        return ids.get(EndpointKey.ofAddress(addressNet));
    }

    /** The id of an IPv6 local address, or {@link ForwardingTable#NONE}. */
    public int idOf6(final long addressHighNet, final long addressLowNet) {
        return ids6.get(addressHighNet, addressLowNet);
    }

    /** The ids of the configured addresses of a family, not of VIPs; not to be changed. */
    public int[] configuredIds(final boolean isIpv6) {
        return isIpv6 ? configuredIds6 : configuredIds;
    }

    /** The IPv4 address of an id, raw; that of a former one too. */
    public int ipNet(final int id) {
        return ipNet[id];
    }

    /** The first 8 bytes of the IPv6 address of an id, raw; of a former one too. */
    public long highNet(final int id) {
        return highNet[id];
    }

    /** The last 8 bytes of the IPv6 address of an id, raw; of a former one too. */
    public long lowNet(final int id) {
        return lowNet[id];
    }

    /** The address of an id, or null. */
    public IpAddress address(final int id) {
        return id < addresses.length ? addresses[id] : null;
    }
}
