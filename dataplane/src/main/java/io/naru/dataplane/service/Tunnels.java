package io.naru.dataplane.service;

import io.naru.dataplane.packet.GreHeader;
import io.naru.dataplane.packet.Ipv4Header;
import io.naru.dataplane.packet.Ipv6Header;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.ServiceOptions;
import io.naru.dataplane.protocol.TunnelSpec;

/**
 * What the headers around a packet say besides where it goes, by service id and, for the source
 * that a service leaves open, by interface. Immutable, in flat arrays; part of a {@link
 * ForwardingTable}.
 */
public final class Tunnels {
    public static final Tunnels NONE =
            new Tunnels(new ServiceOptions[0], new IpAddress[0], new IpAddress[0]);

    private static final long MULTIPLIER = 0x9e37_79b9_7f4a_7c15L; // 2^64 / golden ratio

    private final TunnelSpec[] specs;
    private final int[] greFlagsNet;
    private final int[] source4;
    private final int[] hostMask4;
    private final long[] source6;
    private final long[] hostMask6;
    private final int[] interface4;
    private final long[] interface6;

    /**
     * @param options by service id, null where there is no service.
     * @param addresses4 by interface index, null where there is none.
     */
    Tunnels(
            final ServiceOptions[] options,
            final IpAddress[] addresses4,
            final IpAddress[] addresses6) {
        final int services = options.length;
        specs = new TunnelSpec[services];
        greFlagsNet = new int[services];
        source4 = new int[services];
        hostMask4 = new int[services];
        source6 = new long[2 * services];
        hostMask6 = new long[2 * services];
        for (int id = 0; id < services; id++) {
            specs[id] = options[id] == null ? TunnelSpec.DEFAULT : options[id].tunnel();
            setSources(id, specs[id]);
            greFlagsNet[id] =
                    (specs[id].greChecksum() ? GreHeader.FLAG_CHECKSUM_NET : 0)
                            | (specs[id].greKey() == TunnelSpec.NO_KEY
                                    ? 0
                                    : GreHeader.FLAG_KEY_NET);
        }

        interface4 = new int[addresses4.length];
        interface6 = new long[2 * addresses6.length];
        for (int i = 0; i < addresses4.length; i++) {
            interface4[i] = addresses4[i] == null ? 0 : Integer.reverseBytes(addresses4[i].ipv4());
        }
        for (int i = 0; i < addresses6.length; i++) {
            if (addresses6[i] != null) {
                interface6[2 * i] = Long.reverseBytes(addresses6[i].high());
                interface6[2 * i + 1] = Long.reverseBytes(addresses6[i].low());
            }
        }
    }

    private void setSources(final int id, final TunnelSpec spec) {
        if (!spec.source4().isNone()) {
            final int prefix = spec.prefixLength4();
            final int hostMask = prefix == 0 ? -1 : prefix == 32 ? 0 : -1 >>> prefix;
            source4[id] = Integer.reverseBytes(spec.source4().ipv4());
            hostMask4[id] = Integer.reverseBytes(hostMask);
        }
        if (!spec.source6().isNone()) {
            source6[2 * id] = Long.reverseBytes(spec.source6().high());
            source6[2 * id + 1] = Long.reverseBytes(spec.source6().low());
            hostMask6[2 * id] = Long.reverseBytes(hostMask(spec.prefixLength6()));
            hostMask6[2 * id + 1] =
                    Long.reverseBytes(hostMask(Math.max(0, spec.prefixLength6() - Long.SIZE)));
        }
    }

    /** The bits of half an address that are not part of a prefix. */
    private static long hostMask(final int prefixLength) {
        return prefixLength >= Long.SIZE ? 0 : -1L >>> prefixLength;
    }

    /** Whether there is a source for packets of a service by an interface. */
    public boolean hasSource(
            final int serviceId, final int interfaceIndex, final boolean isOuter6) {
        if (isOuter6) {
            return isSet(source6, serviceId) || isSet(interface6, interfaceIndex);
        }

        return (serviceId < source4.length && source4[serviceId] != 0)
                || (interfaceIndex < interface4.length && interface4[interfaceIndex] != 0);
    }

    private static boolean isSet(final long[] addresses, final int index) {
        return 2 * index < addresses.length
                && (addresses[2 * index] | addresses[2 * index + 1]) != 0;
    }

    /**
     * The IPv4 source, raw.
     *
     * @param spread what the host part of a prefix is made of.
     */
    public int source4(final int serviceId, final int interfaceIndex, final int spread) {
        if (serviceId >= source4.length || source4[serviceId] == 0) {
            return interface4[interfaceIndex];
        }

        final int mask = hostMask4[serviceId];
        return (source4[serviceId] & ~mask) | (spread & mask);
    }

    /** Writes the IPv6 source into a header. */
    public void putSource6(
            final long header, final int serviceId, final int interfaceIndex, final int spread) {
        if (!isSet(source6, serviceId)) {
            Ipv6Header.putSourceNet(
                    header, interface6[2 * interfaceIndex], interface6[2 * interfaceIndex + 1]);
            return;
        }

        final long host = spread * MULTIPLIER;
        final long maskHigh = hostMask6[2 * serviceId];
        final long maskLow = hostMask6[2 * serviceId + 1];
        Ipv6Header.putSourceNet(
                header,
                (source6[2 * serviceId] & ~maskHigh) | (host & maskHigh),
                (source6[2 * serviceId + 1] & ~maskLow) | (host & maskLow));
    }

    /** The first two bytes of the GRE header. */
    public int greFlagsNet(final int serviceId) {
        return serviceId < greFlagsNet.length ? greFlagsNet[serviceId] : 0;
    }

    /** The GRE key, raw; if there is one. */
    public int greKeyNet(final int serviceId) {
        return Integer.reverseBytes((int) specs[serviceId].greKey());
    }

    public boolean copiesDscp(final int serviceId) {
        return serviceId >= specs.length || specs[serviceId].copiesDscp();
    }

    /** What the headers around a packet add to it, in bytes. */
    public int overhead(final int serviceId, final boolean isGre, final boolean isOuter6) {
        final int outer = isOuter6 ? Ipv6Header.LENGTH : Ipv4Header.LENGTH;
        if (!isGre) {
            return outer;
        }

        return outer
                + GreHeader.LENGTH
                + Integer.bitCount(greFlagsNet(serviceId)) * GreHeader.OPTION_LENGTH;
    }
}
