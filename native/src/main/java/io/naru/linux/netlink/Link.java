package io.naru.linux.netlink;

/**
 * A network interface.
 *
 * @param index the kernel's number of it, in this namespace.
 * @param macNet its MAC as {@link MacAddress} has it; {@link MacAddress#NONE} if it isn't Ethernet.
 * @param mtu bytes of an IP packet.
 * @param flags IFF_… of {@code include/uapi/linux/if.h}.
 * @param kind of a virtual device ({@code veth}, {@code vlan}, {@code bond} …); empty for others.
 * @param vlan the id of a VLAN device; 0 for others.
 * @param lowerIndex the device that a VLAN or macvlan stands on, or a veth's peer; 0 if none.
 * @param masterIndex the bond, bridge or VRF that it is a member of; 0 if none.
 * @param memberKind what it is a member of ({@code bond}, {@code bridge} …); empty if nothing.
 * @param rxQueues the receive queues that it was made with.
 * @param txQueues the transmit queues that it was made with.
 * @param xdpMode how an XDP program is attached.
 * @param xdpProgramId the program's id; 0 if there is none.
 */
public record Link(
        int index,
        String name,
        long macNet,
        int mtu,
        int flags,
        String kind,
        int vlan,
        int lowerIndex,
        int masterIndex,
        String memberKind,
        int rxQueues,
        int txQueues,
        XdpMode xdpMode,
        int xdpProgramId) {

    /** How an XDP program is attached: XDP_ATTACHED_… of {@code include/uapi/linux/if_link.h}. */
    public enum XdpMode {
        NONE,
        NATIVE,
        GENERIC,
        HARDWARE,
        SEVERAL;

        static XdpMode of(final int attached) {
            return attached >= 0 && attached < values().length ? values()[attached] : SEVERAL;
        }
    }

    /** Switched on by the administrator. */
    public boolean isUp() {
        return (flags & LinkDescriptor.IFF_UP) != 0;
    }

    /** The driver has seen a carrier. */
    public boolean hasCarrier() {
        return (flags & LinkDescriptor.IFF_LOWER_UP) != 0;
    }

    public boolean isLoopback() {
        return (flags & LinkDescriptor.IFF_LOOPBACK) != 0;
    }
}
