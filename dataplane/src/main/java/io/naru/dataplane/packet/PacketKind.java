package io.naru.dataplane.packet;

/**
 * What the parser made of a packet: the kinds that go on through the pipeline, then the reasons why
 * one does not.
 *
 * <p>Integers and not an enum, as they live in an {@code int[]} of the burst.
 */
public final class PacketKind {
    /** IPv4 with TCP or UDP, whole and without IP options: what most flows are made of. */
    public static final int TRANSPORT = 0;

    /** The same with IP options, none of which is a source route. */
    public static final int TRANSPORT_WITH_OPTIONS = 1;

    /** IPv6 with TCP or UDP, whole; extension headers may stand before it. */
    public static final int TRANSPORT_6 = 2;

    /** IPv4 with ICMP, whole; at least the ICMP header is there. */
    public static final int ICMP = 3;

    /** IPv6 with ICMPv6, whole; at least the ICMPv6 header is there. */
    public static final int ICMP_6 = 4;

    /** ARP for IPv4 over Ethernet. */
    public static final int ARP = 5;

    /** A fragment of an IPv4 packet, be it the first; at least the IPv4 header is there. */
    public static final int FRAGMENT = 6;

    /**
     * A fragment of an IPv6 packet, be it the first; {@code l4Offset} is that of its fragment
     * header.
     */
    public static final int FRAGMENT_6 = 7;

    /** Whatever it is: a bridge has decided about it. */
    public static final int BRIDGED = 8;

    /** A header or the length it states does not fit into the frame. */
    public static final int BAD_LENGTH = 9;

    /** A field has a value that no sender may use: IP version, header length, ARP types. */
    public static final int BAD_HEADER = 10;

    /** An IPv4 packet with a source route, or with options that cannot be followed. */
    public static final int IP_OPTIONS = 11;

    /** An IPv6 packet with a routing header that is not done with, or with too many headers. */
    public static final int EXTENSION_HEADER = 12;

    /** Neither IPv4, IPv6 nor ARP; also a second VLAN tag. */
    public static final int UNSUPPORTED_ETHER_TYPE = 13;

    /** Neither TCP, UDP nor the ICMP of its family. */
    public static final int UNSUPPORTED_PROTOCOL = 14;

    /** Number of kinds; they are the integers below. */
    public static final int COUNT = 15;

    private static final String[] NAMES = {
        "transport",
        "transport-with-options",
        "transport-6",
        "icmp",
        "icmp-6",
        "arp",
        "fragment",
        "fragment-6",
        "bridged",
        "bad-length",
        "bad-header",
        "ip-options",
        "extension-header",
        "unsupported-ether-type",
        "unsupported-protocol"
    };

    private PacketKind() {}

    /** Whether the packet can't be used further: what the kind then says is the reason. */
    public static boolean isRefused(final int kind) {
        return kind >= BAD_LENGTH;
    }

    public static String name(final int kind) {
        return NAMES[kind];
    }
}
