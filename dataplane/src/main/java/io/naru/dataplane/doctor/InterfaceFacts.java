package io.naru.dataplane.doctor;

import io.naru.linux.ethtool.Channels;
import io.naru.linux.ethtool.DriverInfo;
import io.naru.linux.ethtool.Feature;
import io.naru.linux.ethtool.RingSizes;
import io.naru.linux.netlink.Link;
import io.naru.linux.netlink.XdpFeatures;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What was seen of one interface.
 *
 * @param link none if there is no such interface; the rest is then empty too.
 * @param features by the kernel's names.
 * @param xdp what the driver says of itself; none before Linux 6.3.
 * @param programName of the XDP program that is attached; empty if there is none or it has none.
 * @param members of a bond or bridge.
 * @param lowerName the device that a VLAN stands on; empty for others.
 * @param hasVlans VLAN devices stand on it.
 * @param peerName the other end of a veth, if it is in this namespace; else empty.
 * @param peerFeatures of that end.
 * @param rpFilter the stricter-or-looser one that counts of net.ipv4.conf.{all,NAME}.rp_filter.
 */
record InterfaceFacts(
        String name,
        Optional<Link> link,
        Optional<DriverInfo> driver,
        Optional<Channels> channels,
        Optional<RingSizes> rings,
        Map<String, Feature> features,
        Optional<XdpFeatures> xdp,
        String programName,
        List<String> members,
        String lowerName,
        boolean hasVlans,
        String peerName,
        Map<String, Feature> peerFeatures,
        int rpFilter) {

    InterfaceFacts {
        features = Map.copyOf(features);
        members = List.copyOf(members);
        peerFeatures = Map.copyOf(peerFeatures);
    }

    static InterfaceFacts missing(final String name) {
        return new InterfaceFacts(
                name,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Map.of(),
                Optional.empty(),
                "",
                List.of(),
                "",
                false,
                "",
                Map.of(),
                0);
    }

    boolean isActive(final String feature) {
        return isActive(features, feature);
    }

    static boolean isActive(final Map<String, Feature> features, final String feature) {
        return features.containsKey(feature) && features.get(feature).active();
    }

    /** Queues that frames come in by: what is set, or what it was made with. */
    int rxQueues() {
        final int set = channels.map(Channels::rxQueues).orElse(0);
        return Math.max(1, set > 0 ? set : link.map(Link::rxQueues).orElse(1));
    }

    String driverName() {
        return driver.map(DriverInfo::driver).orElse(link.map(Link::kind).orElse(""));
    }

    /** Whether XDP programs run in the driver. */
    boolean isNative() {
        return xdp.map(XdpFeatures::isNative).orElse(NativeDrivers.NAMES.contains(driverName()));
    }
}
