package io.naru.dataplane.flow;

import static io.naru.dataplane.packet.RawMemory.getByte;
import static io.naru.dataplane.packet.RawMemory.getInt;
import static io.naru.dataplane.packet.RawMemory.getLong;
import static io.naru.dataplane.packet.RawMemory.getShort;
import static io.naru.dataplane.packet.RawMemory.putByte;
import static io.naru.dataplane.packet.RawMemory.putInt;
import static io.naru.dataplane.packet.RawMemory.putLong;
import static io.naru.dataplane.packet.RawMemory.putShort;

/**
 * The layout of one flow in the {@link FlowTable}: a cache line, with accessors by its address.
 *
 * <pre>
 *   0        1        2        3        4        5        6        7
 *  +--------+--------+--------+--------+--------+--------+--------+--------+
 *  |            backend IP             |             client IP             |   0
 *  +-----------------------------------+-----------------+-----------------+
 *  |              VIP                  |  backend port   |   client port   |   8
 *  +-----------------+--------+--------+-----------------+-----------------+
 *  |    VIP port     |protocol| state  |service id |mode |   backend id    |  16
 *  +-----------------+--------+--------+--------+--------+--------+--------+
 *  |                     client MAC                      | ifc    | 0    |R|  24
 *  +-----------------------------------+-----------------+--------+------+-+
 *  |        last seen, in ticks        |         created, in ticks         |  32
 *  +-----------------+-----------------+-----------------------------------+
 *  |    IP delta     |                 bytes to backend                    |  40
 *  +-----------------+-----------------------------------------------------+
 *  |    L4 delta     |                  bytes to client                    |  48
 *  +-----------------+-----------------+-----------------------------------+
 *  |     next sequence to backend      |      next sequence to client      |  56
 *  +-----------------------------------+-----------------------------------+
 * </pre>
 *
 * Addresses and ports are as on the wire. They overlap in a way that serves both directions: eight
 * bytes from 4 are source and destination address of a packet to the backend, eight bytes from 0
 * those of a packet to the client; four bytes from 14 and from 12 are their ports. A flow whose
 * replies are not found by the client's endpoint (DSR: they do not pass us; full-nat: they come to
 * a local port) has backend IP and port 0. The service id has the low 12 bits of its field, the
 * flow's mode the others: a service that changes its mode changes it for new flows.
 *
 * <p>Of an IPv6 flow the addresses are digests ({@link FlowHash#digest}), the protocol has {@link
 * #FAMILY_6} set, and the addresses themselves are in {@link FlowAddresses}.
 *
 * <p>A tick is 2^24 ns (about 16.8 ms); differences of ticks are right for 417 days. The byte
 * counters have 48 bits in the upper part of a long, so that one that overflows loses its own carry
 * and cannot touch the delta below. The sequence numbers, of TCP only, are what the receiver in
 * that direction expects next if nothing is lost behind us, host order; 0 if no packet told yet.
 *
 * <p>Written by the worker that owns the table, and by nobody else.
 */
public final class FlowEntry {
    public static final int BACKEND_IP_OFFSET = 0;
    public static final int CLIENT_IP_OFFSET = 4;
    public static final int VIP_OFFSET = 8;
    public static final int BACKEND_PORT_OFFSET = 12;
    public static final int CLIENT_PORT_OFFSET = 14;
    public static final int VIP_PORT_OFFSET = 16;
    public static final int PROTOCOL_OFFSET = 18;
    public static final int STATE_OFFSET = 19;
    public static final int SERVICE_ID_OFFSET = 20;
    public static final int BACKEND_ID_OFFSET = 22;
    public static final int CLIENT_HOP_OFFSET = 24;
    public static final int LAST_SEEN_OFFSET = 32;
    public static final int CREATED_OFFSET = 36;
    public static final int IP_DELTA_OFFSET = 40;
    public static final int BYTES_TO_BACKEND_OFFSET = 40;
    public static final int L4_DELTA_OFFSET = 48;
    public static final int BYTES_TO_CLIENT_OFFSET = 48;
    public static final int SEQUENCE_TO_BACKEND_OFFSET = 56;
    public static final int SEQUENCE_TO_CLIENT_OFFSET = 60;

    /** Size of an entry: one cache line. */
    public static final int LENGTH = 64;

    /** Direction of a packet from the client to the VIP. */
    public static final int TO_BACKEND = 0;

    /** Direction of a packet from the backend to the client. */
    public static final int TO_CLIENT = 1;

    /** Marks the protocol of an IPv6 flow. */
    public static final int FAMILY_6 = 0x80;

    private static final int SERVICE_ID_BITS = 12;
    private static final int SERVICE_ID_MASK = (1 << SERVICE_ID_BITS) - 1;

    /** Nanoseconds to ticks is a shift by this. */
    public static final int TICK_SHIFT = 24;

    /** The low bits of the longs at 40 and 48 that are not bytes. */
    private static final int DELTA_BITS = 16;

    private FlowEntry() {}

    /** The tick that {@code nowNs} is in. */
    public static int ticks(final long nowNs) {
        return (int) (nowNs >>> TICK_SHIFT);
    }

    /**
     * Writes the whole entry: the tuple, the state and the times as given, everything else zero.
     *
     * @param keyA client and VIP, as in a packet to the backend.
     * @param keyB client's port, VIP's port and protocol, as in a packet to the backend.
     * @param backendIpNet 0 if replies do not pass us.
     * @param backendPortNet 0 if replies do not pass us.
     */
    public static void init(
            final long entry,
            final long keyA,
            final long keyB,
            final int backendIpNet,
            final int backendPortNet,
            final int state,
            final int nowTicks) {
        putInt(entry + BACKEND_IP_OFFSET, backendIpNet);
        putLong(entry + CLIENT_IP_OFFSET, keyA);
        putShort(entry + BACKEND_PORT_OFFSET, (short) backendPortNet);
        putInt(entry + CLIENT_PORT_OFFSET, (int) keyB);
        putByte(entry + PROTOCOL_OFFSET, (byte) (keyB >>> Integer.SIZE));
        state(entry, state);
        putInt(entry + SERVICE_ID_OFFSET, 0);
        putLong(entry + CLIENT_HOP_OFFSET, 0);
        putInt(entry + LAST_SEEN_OFFSET, nowTicks);
        putInt(entry + CREATED_OFFSET, nowTicks);
        putLong(entry + BYTES_TO_BACKEND_OFFSET, 0);
        putLong(entry + BYTES_TO_CLIENT_OFFSET, 0);
        putLong(entry + SEQUENCE_TO_BACKEND_OFFSET, 0);
    }

    /**
     * Counts a packet's bytes and notes that the flow was seen; without a branch on the direction.
     */
    public static void count(
            final long entry, final int direction, final int lengthBytes, final int nowTicks) {
        final long bytes = entry + BYTES_TO_BACKEND_OFFSET + (long) direction * Long.BYTES;
        putInt(entry + LAST_SEEN_OFFSET, nowTicks);
        putLong(bytes, getLong(bytes) + ((long) lengthBytes << DELTA_BITS));
    }

    /**
     * Whether the entry's addresses, ports and protocol are those of a packet.
     *
     * @param keyA source and destination address, as in {@code PacketBurst.keyA}.
     * @param keyB ports and protocol, as in {@code PacketBurst.keyB}.
     */
    public static boolean matches(
            final long entry, final long keyA, final long keyB, final int direction) {
        final long addresses = getLong(entry + CLIENT_IP_OFFSET - (long) direction * Integer.BYTES);
        final int ports = getInt(entry + CLIENT_PORT_OFFSET - (long) direction * Short.BYTES);
        final int protocol = getByte(entry + PROTOCOL_OFFSET) & 0xff;
        return ((addresses ^ keyA) | (ports ^ (int) keyB) | (protocol ^ (keyB >>> Integer.SIZE)))
                == 0;
    }

    /** What {@code PacketBurst.keyA} is of a packet of this flow to the backend. */
    public static long forwardKeyA(final long entry) {
        return getLong(entry + CLIENT_IP_OFFSET);
    }

    /** What {@code PacketBurst.keyB} is of a packet of this flow to the backend. */
    public static long forwardKeyB(final long entry) {
        return (getInt(entry + CLIENT_PORT_OFFSET) & 0xffff_ffffL)
                | ((long) protocol(entry) << Integer.SIZE);
    }

    public static int backendIpNet(final long entry) {
        return getInt(entry + BACKEND_IP_OFFSET);
    }

    public static int clientIpNet(final long entry) {
        return getInt(entry + CLIENT_IP_OFFSET);
    }

    public static int vipNet(final long entry) {
        return getInt(entry + VIP_OFFSET);
    }

    public static int backendPortNet(final long entry) {
        return getShort(entry + BACKEND_PORT_OFFSET) & 0xffff;
    }

    public static int clientPortNet(final long entry) {
        return getShort(entry + CLIENT_PORT_OFFSET) & 0xffff;
    }

    public static int vipPortNet(final long entry) {
        return getShort(entry + VIP_PORT_OFFSET) & 0xffff;
    }

    /** IP protocol number, with {@link #FAMILY_6} set for IPv6. */
    public static int protocol(final long entry) {
        return getByte(entry + PROTOCOL_OFFSET) & 0xff;
    }

    public static boolean isIpv6(final long entry) {
        return getByte(entry + PROTOCOL_OFFSET) < 0;
    }

    /** A constant of {@link FlowState}. */
    public static int state(final long entry) {
        return getByte(entry + STATE_OFFSET);
    }

    public static void state(final long entry, final int state) {
        putByte(entry + STATE_OFFSET, (byte) state);
    }

    public static int serviceId(final long entry) {
        return getShort(entry + SERVICE_ID_OFFSET) & SERVICE_ID_MASK;
    }

    /** The code of the {@code Mode} that the flow's packets are rewritten by. */
    public static int mode(final long entry) {
        return (getShort(entry + SERVICE_ID_OFFSET) & 0xffff) >>> SERVICE_ID_BITS;
    }

    public static void service(final long entry, final int serviceId, final int mode) {
        putShort(entry + SERVICE_ID_OFFSET, (short) ((mode << SERVICE_ID_BITS) | serviceId));
    }

    public static int backendId(final long entry) {
        return getShort(entry + BACKEND_ID_OFFSET) & 0xffff;
    }

    public static void backendId(final long entry, final int backendId) {
        putShort(entry + BACKEND_ID_OFFSET, (short) backendId);
    }

    /**
     * The way back to the client, in the form of any hop: MAC in the low 48 bits, interface index
     * in the next 8, bit 63 if it is known. Bits 56 to 62 are zero.
     */
    public static long clientHop(final long entry) {
        return getLong(entry + CLIENT_HOP_OFFSET);
    }

    public static void clientHop(final long entry, final long hop) {
        putLong(entry + CLIENT_HOP_OFFSET, hop);
    }

    public static int lastSeenTicks(final long entry) {
        return getInt(entry + LAST_SEEN_OFFSET);
    }

    public static int createdTicks(final long entry) {
        return getInt(entry + CREATED_OFFSET);
    }

    /**
     * What a rewrite in {@code direction} adds to the sum of the IPv4 header; for {@link
     * io.naru.dataplane.packet.InternetChecksum#update}.
     */
    public static int ipDelta(final long entry, final int direction) {
        return (getShort(entry + IP_DELTA_OFFSET) ^ -direction) & 0xffff;
    }

    /** What a rewrite in {@code direction} adds to the sum of the TCP or UDP checksum. */
    public static int l4Delta(final long entry, final int direction) {
        return (getShort(entry + L4_DELTA_OFFSET) ^ -direction) & 0xffff;
    }

    /** Sets the deltas of a rewrite towards the backend; the other direction's are the inverse. */
    public static void deltas(final long entry, final int ipDelta, final int l4Delta) {
        putShort(entry + IP_DELTA_OFFSET, (short) ipDelta);
        putShort(entry + L4_DELTA_OFFSET, (short) l4Delta);
    }

    /** What the receiver in {@code direction} expects next, host order; 0 if it is not known. */
    public static int nextSequence(final long entry, final int direction) {
        return getInt(entry + SEQUENCE_TO_BACKEND_OFFSET + (long) direction * Integer.BYTES);
    }

    public static void nextSequence(final long entry, final int direction, final int sequence) {
        putInt(entry + SEQUENCE_TO_BACKEND_OFFSET + (long) direction * Integer.BYTES, sequence);
    }

    /** Bytes in {@code direction}, modulo 2^48. */
    public static long bytes(final long entry, final int direction) {
        return getLong(entry + BYTES_TO_BACKEND_OFFSET + (long) direction * Long.BYTES)
                >>> DELTA_BITS;
    }
}
