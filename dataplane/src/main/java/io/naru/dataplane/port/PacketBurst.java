package io.naru.dataplane.port;

import java.util.Arrays;

/**
 * The packets of one duty cycle as a structure of arrays; index {@code i} is one packet throughout.
 *
 * <p>Each stage of the pipeline reads the arrays of the stages before it and fills its own. The
 * fields are public and mutable on purpose: they are the registers of the packet path. Owned by one
 * worker thread.
 */
public final class PacketBurst {
    /** Packets in a burst; 64 was 5-15 % quicker than 32 and as quick as 128. */
    public static final int CAPACITY = 64;

    /** Packets in the burst: the indices {@code [0, count)} are valid. */
    public int count;

    // -- set by the port --------------------------------------------------------------------------

    /** Address of the packet's first byte. */
    public final long[] address = new long[CAPACITY];

    /** Length of the packet in bytes. */
    public final int[] length = new int[CAPACITY];

    /** Index of the interface that the packet came in by. */
    public final int[] ingress = new int[CAPACITY];

    // -- set by whoever hands over ----------------------------------------------------------------

    /**
     * Of a fragment: {@code keyB} of the flow that it is part of, as its packet's first fragment
     * says; 0 if that is not known. Means nothing for a whole packet.
     */
    public final long[] fragmentKeyB = new long[CAPACITY];

    /** Whether {@code fragmentKeyB} was set for this burst: a port does not. */
    public boolean isAnnotated;

    // -- set by the parser ------------------------------------------------------------------------

    /** A constant of {@link io.naru.dataplane.packet.PacketKind}. */
    public final int[] kind = new int[CAPACITY];

    /** Where the IP or ARP header is, from {@code address}; behind the VLAN tag if there is one. */
    public final int[] l3Offset = new int[CAPACITY];

    /**
     * Where the TCP, UDP or ICMP header is, from {@code address}; 0 for a fragment that has none,
     * as every one but the first.
     */
    public final int[] l4Offset = new int[CAPACITY];

    /** IP protocol number; 0 if it is not IP. */
    public final int[] protocol = new int[CAPACITY];

    /** TCP's flag byte; 0 for everything else. */
    public final int[] tcpFlags = new int[CAPACITY];

    /**
     * Bytes behind the TCP or UDP header, up to the end of the IP packet; 0 if there is none of the
     * two.
     */
    public final int[] payloadLength = new int[CAPACITY];

    /**
     * Source address (low half) and destination address (high half): of IPv4 as loaded, of IPv6 the
     * digests of {@link io.naru.dataplane.flow.FlowHash}, set by the classifier; or 0.
     */
    public final long[] keyA = new long[CAPACITY];

    /**
     * Source port (bits 0..15), destination port (16..31), both as loaded; protocol (32..39), with
     * bit 39 set for IPv6.
     */
    public final long[] keyB = new long[CAPACITY];

    // -- set by the classifier --------------------------------------------------------------------

    /** {@link io.naru.dataplane.flow.FlowEntry#TO_BACKEND} or {@code TO_CLIENT}. */
    public final int[] direction = new int[CAPACITY];

    /**
     * Of a packet that came to a local port: the address's id (bits 16..23) and the port as loaded.
     * -1 of all others, between bursts of all.
     */
    public final int[] localSlot = new int[CAPACITY];

    /** Source port, as loaded, of a packet that came to a local port. */
    public final int[] localSourcePort = new int[CAPACITY];

    /** The packets that came to a local port: the indices {@code [0, localCount)} are valid. */
    public final int[] locals = new int[CAPACITY];

    public int localCount;

    // -- set by FlowHash and FlowTable ------------------------------------------------------------

    /** Hash of the client's endpoint: names the owner worker, the bucket and the tag. */
    public final long[] hash = new long[CAPACITY];

    /** Address of the packet's flow entry, or 0. */
    public final long[] entry = new long[CAPACITY];

    // -- set by the pipeline ----------------------------------------------------------------------

    /** What becomes of the packet: a constant of {@code Verdict}, or a drop with its reason. */
    public final int[] verdict = new int[CAPACITY];

    /** The worker that the packet's flow belongs to; only if it is part of a flow. */
    public final int[] owner = new int[CAPACITY];

    /** Where the packet goes next, a {@code Hop}; valid if the verdict is to send it. */
    public final long[] hop = new long[CAPACITY];

    public PacketBurst() {
        Arrays.fill(localSlot, -1);
    }
}
