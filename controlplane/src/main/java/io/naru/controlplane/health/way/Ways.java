package io.naru.controlplane.health.way;

import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.linux.LinuxException;
import io.naru.linux.netlink.Addresses;
import io.naru.linux.netlink.InterfaceAddress;
import io.naru.linux.netlink.Link;
import io.naru.linux.netlink.Links;
import io.naru.linux.netlink.NetlinkSocket;
import io.naru.linux.netlink.Route;
import io.naru.linux.netlink.Routes;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends what checks have to say to a VIP on one backend of many, by the way that the data plane
 * sends clients' packets.
 *
 * <pre>
 *   check's socket ── marked ──► rule: mark → table ──► naru-hc (TUN) ──► {@link WayDevice}
 *   10.2.0.254:40001 → VIP:80                                              │ whose? by source port
 *         ▲                                                                ▼
 *         │                                        frame to its MAC, or GRE or IP in IP around it
 *         │                                                                │
 *         └──────────── the backend's answer: VIP:80 → 10.2.0.254 ◄── backend
 * </pre>
 *
 * <p>Answers come to the kernel as any packet for one of the box's own addresses: the data plane
 * takes what is to a VIP, not what is from one.
 *
 * <p>The device, its table and its rules are made when the first way is asked for, and go when this
 * is closed; after a {@code kill -9} two rules for an empty table are left, which do nothing and
 * are used again. Used by one thread, the checks'.
 */
public final class Ways implements AutoCloseable {
    /** "naru": SO_MARK of the checks' sockets. */
    public static final int MARK = 0x6e61_7275;

    /** The routing table of marked packets. */
    static final int TABLE = 0x6e61;

    /** Of the rules; table local is asked before, table main after them. */
    static final int PRIORITY = 110;

    static final String DEVICE = "naru-hc";

    private static final Logger LOG = LoggerFactory.getLogger(Ways.class);

    /** So old is what we know of a way at most. */
    private static final long RESOLUTION_NS = TimeUnit.SECONDS.toNanos(2);

    private static final long RETRY_NS = TimeUnit.SECONDS.toNanos(5);

    private record Known(Resolution resolution, long atNs) {}

    private record Asked(Way way, IpAddress source) {}

    private final LongSupplier clockNs;
    private final SenderTable senders;
    private final Troubles troubles;
    private final Map<Asked, Known> known = new HashMap<>();
    private NetlinkSocket netlink;
    private WayDevice device;
    private String refusal;
    private long refusedNs;

    /** Nothing is made before the first lease. */
    public Ways() {
        this(System::nanoTime);
    }

    Ways(final LongSupplier clockNs) {
        this.clockNs = clockNs;
        senders = new SenderTable(clockNs);
        troubles = new Troubles(clockNs);
    }

    /** As {@link #lease(Way, IpAddress)}, from the address that the box would choose. */
    public Lease lease(final Way way) {
        return lease(way, null);
    }

    /**
     * A way for one attempt of a check.
     *
     * @param source of the check's packets, of the VIP's family; null if the box is to choose.
     * @return never null; {@link Lease#obstacle()} says whether it can be used.
     */
    public Lease lease(final Way way, final IpAddress source) {
        return new Lease(
                this,
                way,
                source,
                way.isDirect() ? Resolution.direct(source) : resolution(new Asked(way, source)));
    }

    /** What a way comes to at this moment, whatever was known of it. */
    Resolution resolveAgain(final Way way, final IpAddress source) {
        known.remove(new Asked(way, source));
        return resolution(new Asked(way, source));
    }

    private Resolution resolution(final Asked asked) {
        final long nowNs = clockNs.getAsLong();
        final Known before = known.get(asked);
        if (before != null && nowNs - before.atNs() < RESOLUTION_NS) {
            return before.resolution();
        }

        known.values().removeIf(old -> nowNs - old.atNs() > 100 * RESOLUTION_NS);
        final Resolution resolution = resolve(asked);
        known.put(asked, new Known(resolution, nowNs));
        return resolution;
    }

    private Resolution resolve(final Asked asked) {
        if (!ensureDevice()) {
            return Resolution.ourObstacle(refusal);
        }

        try {
            return resolveOrThrow(asked.way(), asked.source());
        } catch (final LinuxException e) {
            return Resolution.ourObstacle(e.getMessage());
        }
    }

    private Resolution resolveOrThrow(final Way way, final IpAddress wantedSource) {
        final io.naru.linux.netlink.IpAddress backend = linux(way.backend());
        final Routes.Answer answer = Routes.lookup(netlink, backend);
        if (answer.route() == null || answer.route().nextHops().isEmpty()) {
            return Resolution.obstacle("no route to " + way.backend());
        }
        if (answer.route().isLocal()) {
            return Resolution.ourObstacle(way.backend() + " is an address of this box");
        }

        final Route.NextHop hop = answer.route().nextHops().get(0);
        if (way.mode() == Mode.DSR_L2 && hop.gateway() != null) {
            return Resolution.obstacle(
                    way.backend()
                            + " is behind the router "
                            + hop.gateway()
                            + ": dsr-l2 reaches only what is on our own segment");
        }

        final IpAddress own = own(Routes.source(netlink, backend));
        final IpAddress source =
                wantedSource != null ? wantedSource : source(way, own, hop.linkIndex());
        if (source == null) {
            return Resolution.ourObstacle(
                    "no "
                            + (way.vip().isIpv4() ? "IPv4" : "IPv6")
                            + " address on this box for the backend to answer to");
        }

        final Routes.Answer marked = Routes.lookup(netlink, linux(way.vip()), MARK);
        if (marked.route() == null || !leadsToDevice(marked.route())) {
            return Resolution.ourObstacle(detour(way.vip(), marked));
        }

        return new Resolution(
                null, false, source, own, hop.linkIndex(), filter(way.vip(), source, hop));
    }

    private IpAddress source(final Way way, final IpAddress towardsBackend, final int linkIndex) {
        if (towardsBackend != null && towardsBackend.isIpv4() == way.vip().isIpv4()) {
            return towardsBackend;
        }

        IpAddress elsewhere = null;
        for (final InterfaceAddress address : Addresses.dump(netlink)) {
            final IpAddress own = own(address.address());
            final boolean fits =
                    own.isIpv4() == way.vip().isIpv4()
                            && !own.isLinkLocal()
                            && !own.inetAddress().isLoopbackAddress();
            if (fits && address.linkIndex() == linkIndex) {
                return own;
            }
            if (fits && elsewhere == null) {
                elsewhere = own;
            }
        }

        return elsewhere;
    }

    private boolean leadsToDevice(final Route route) {
        return route.isUnicast()
                && route.nextHops().size() == 1
                && route.nextHops().get(0).linkIndex() == device.linkIndex();
    }

    private static String detour(final IpAddress vip, final Routes.Answer marked) {
        if (marked.route() != null && marked.route().isLocal()) {
            return vip
                    + " is an address of this box too, so that nothing it sends there leaves it:"
                    + " path: backend checks the backend's own address";
        }

        return "something on this box keeps packets with mark 0x%x from table %d: ip rule"
                .formatted(MARK, TABLE);
    }

    /** What drops answers from a VIP that come in by the interface to the backend; or null. */
    private String filter(final IpAddress vip, final IpAddress source, final Route.NextHop hop) {
        if (!vip.isIpv4()
                || Routes.arrival0(netlink, linux(vip), linux(source), hop.linkIndex()) >= 0) {
            return null;
        }

        final String link =
                Links.byIndex(netlink, hop.linkIndex())
                        .map(Link::name)
                        .orElse("link " + hop.linkIndex());
        return "this box drops answers from %s by %s: sysctl net.ipv4.conf.%s.rp_filter=%s"
                .formatted(
                        vip, link, link, "2, or 0 without a default route (and the same for all)");
    }

    /** Makes the device if there is none; false if that cannot be, for {@link #refusal}. */
    private boolean ensureDevice() {
        if (device != null) {
            return true;
        }
        if (refusal != null && clockNs.getAsLong() - refusedNs < RETRY_NS) {
            return false;
        }

        NetlinkSocket socket = null;
        try {
            socket = NetlinkSocket.open();
            device = new WayDevice(DEVICE, socket, senders, troubles);
            netlink = socket;
            refusal = null;
            return true;
        } catch (final LinuxException e) {
            if (socket != null) {
                socket.close();
            }
            refused("no way there: " + e.getMessage());
        } catch (final LinkageError e) {
            // jnr-ffi unpacks its native part into java.io.tmpdir, which may be mounted noexec
            refused("no way there: " + e);
        }

        return false;
    }

    private void refused(final String why) {
        if (!why.equals(refusal)) {
            LOG.warn("backends cannot be checked by way of their VIP: {}", why);
        }
        refusal = why;
        refusedNs = clockNs.getAsLong();
    }

    SenderTable senders() {
        return senders;
    }

    /** What a backend's host said of our packets lately, in words; or null. */
    String trouble(final IpAddress backend) {
        return troubles.of(backend);
    }

    static io.naru.linux.netlink.IpAddress linux(final IpAddress address) {
        return new io.naru.linux.netlink.IpAddress(address.high(), address.low());
    }

    private static IpAddress own(final io.naru.linux.netlink.IpAddress address) {
        return address == null ? null : new IpAddress(address.high(), address.low());
    }

    /** Takes the device, its table and its rules away. */
    @Override
    public void close() {
        if (device != null) {
            device.close();
            device = null;
            netlink.close();
            netlink = null;
        }
    }
}
