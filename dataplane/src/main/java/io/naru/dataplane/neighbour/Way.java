package io.naru.dataplane.neighbour;

import io.naru.dataplane.protocol.IpAddress;

/**
 * The way out of the box to an address, or why there is none.
 *
 * @param interfaceIndex the interface to leave by, by its number in the configuration.
 * @param linkIndex the same interface by its number in the kernel.
 * @param linkName its name.
 * @param neighbour whom to send to on that link: the address itself, or the router towards it.
 * @param mtu the longest IP packet that it takes, as far as the box knows; 0 if it doesn't.
 * @param refusal why there is no way, as a sentence without a full stop; empty if there is one, and
 *     the other components mean nothing if there isn't.
 */
public record Way(
        int interfaceIndex,
        int linkIndex,
        String linkName,
        IpAddress neighbour,
        int mtu,
        String refusal) {

    /** A way whose MTU is not known. */
    public static Way by(
            final int interfaceIndex,
            final int linkIndex,
            final String linkName,
            final IpAddress neighbour) {
        return new Way(interfaceIndex, linkIndex, linkName, neighbour, 0, "");
    }

    /** The same way, that takes packets of {@code mtu} bytes. */
    public Way withMtu(final int newMtu) {
        return new Way(interfaceIndex, linkIndex, linkName, neighbour, newMtu, refusal);
    }

    public static Way refused(final String refusal) {
        return new Way(-1, 0, "", IpAddress.NONE, 0, refusal);
    }

    public boolean isRefused() {
        return !refusal.isEmpty();
    }
}
