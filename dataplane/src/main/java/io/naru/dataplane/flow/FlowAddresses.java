package io.naru.dataplane.flow;

import static io.naru.dataplane.packet.RawMemory.getInt;
import static io.naru.dataplane.packet.RawMemory.getLong;
import static io.naru.dataplane.packet.RawMemory.getShort;
import static io.naru.dataplane.packet.RawMemory.putInt;
import static io.naru.dataplane.packet.RawMemory.putLong;
import static io.naru.dataplane.packet.RawMemory.putShort;

/**
 * The layout of a flow's second cache line: what has no room in its {@link FlowEntry}. Only flows
 * of IPv6 and of {@code full-nat} have one that is used; see {@link FlowTable#addresses}.
 *
 * <pre>
 *   0        1        2        3        4        5        6        7
 *  +--------+--------+--------+--------+--------+--------+--------+--------+
 *  |                            client, 16 bytes                           |   0
 *  +-----------------------------------------------------------------------+
 *  |                             VIP, 16 bytes                             |  16
 *  +-----------------------------------------------------------------------+
 *  |                           backend, 16 bytes                           |  32
 *  +-----------------+-----------------+-----------------------------------+
 *  |   local port    |local address id |  backend port   |      zero       |  48
 *  +-----------------+-----------------+-----------------+-----------------+
 *  |                                 zero                                  |  56
 *  +-----------------------------------------------------------------------+
 * </pre>
 *
 * Everything is as on the wire. IPv4 addresses are in the last four bytes of their sixteen; the
 * flow's entry has those of client and VIP. The backend here is the one of {@code full-nat} only:
 * its replies come to a local port and are never looked up by the client's endpoint, so its entry
 * has neither the backend's address nor its port.
 */
public final class FlowAddresses {
    public static final int LENGTH = 64;

    public static final int CLIENT_OFFSET = 0;
    public static final int VIP_OFFSET = 16;
    public static final int BACKEND_OFFSET = 32;
    public static final int LOCAL_PORT_OFFSET = 48;
    public static final int LOCAL_ID_OFFSET = 50;
    public static final int BACKEND_PORT_OFFSET = 52;

    private static final int IPV4_IN_ADDRESS = 12;

    private FlowAddresses() {}

    /** Copies client and VIP from an IPv6 header: source and destination of a packet to the VIP. */
    public static void putClientAndVip(final long addresses, final long sourceAddress) {
        for (int offset = 0; offset < BACKEND_OFFSET; offset += Long.BYTES) {
            putLong(addresses + offset, getLong(sourceAddress + offset));
        }
    }

    public static void putBackend(final long addresses, final long highNet, final long lowNet) {
        putLong(addresses + BACKEND_OFFSET, highNet);
        putLong(addresses + BACKEND_OFFSET + Long.BYTES, lowNet);
    }

    /** Sets the backend of an IPv4 flow. */
    public static void putBackendIpv4(final long addresses, final int ipNet) {
        putInt(addresses + BACKEND_OFFSET + IPV4_IN_ADDRESS, ipNet);
    }

    public static int backendIpv4(final long addresses) {
        return getInt(addresses + BACKEND_OFFSET + IPV4_IN_ADDRESS);
    }

    /** Whether two addresses of 16 bytes are the same. */
    public static boolean isSame(final long one, final long other) {
        return ((getLong(one) ^ getLong(other))
                        | (getLong(one + Long.BYTES) ^ getLong(other + Long.BYTES)))
                == 0;
    }

    /**
     * Whether source and destination of an IPv6 packet are the flow's.
     *
     * @param packetAddresses where the packet's source address is; the destination is behind it.
     */
    public static boolean matches(
            final long addresses, final long packetAddresses, final int direction) {
        final long source = addresses + (long) direction * BACKEND_OFFSET; // or the client
        final long target = addresses + VIP_OFFSET - (long) direction * VIP_OFFSET; // or the client
        return isSame(source, packetAddresses) && isSame(target, packetAddresses + VIP_OFFSET);
    }

    public static int localPortNet(final long addresses) {
        return getShort(addresses + LOCAL_PORT_OFFSET) & 0xffff;
    }

    public static int localId(final long addresses) {
        return getShort(addresses + LOCAL_ID_OFFSET) & 0xffff;
    }

    public static int backendPortNet(final long addresses) {
        return getShort(addresses + BACKEND_PORT_OFFSET) & 0xffff;
    }

    public static void putLocal(final long addresses, final int localId, final int portNet) {
        putShort(addresses + LOCAL_PORT_OFFSET, (short) portNet);
        putShort(addresses + LOCAL_ID_OFFSET, (short) localId);
    }

    public static void putBackendPortNet(final long addresses, final int portNet) {
        putShort(addresses + BACKEND_PORT_OFFSET, (short) portNet);
    }

    /** Makes all bytes zero. */
    static void clear(final long addresses) {
        for (int offset = 0; offset < LENGTH; offset += Long.BYTES) {
            putLong(addresses + offset, 0);
        }
    }
}
