package io.naru.dataplane.packet;

/**
 * What the parser made of a packet: the kinds that go on through the pipeline, then the reasons why
 * one does not.
 *
 * <p>Integers and not an enum, as they live in an {@code int[]} of the burst.
 */
public final class PacketKind {
    /** IPv4 with TCP or UDP, whole and without IP options: what flows are made of. */
    public static final int TRANSPORT = 0;

    /** IPv4 with ICMP, whole and without IP options; at least the ICMP header is there. */
    public static final int ICMP = 1;

    /** ARP for IPv4 over Ethernet. */
    public static final int ARP = 2;

    /** IPv6; the fixed header is there and nothing behind it has been looked at. */
    public static final int IPV6 = 3;

    /** A header or the length it states does not fit into the frame. */
    public static final int BAD_LENGTH = 4;

    /** A field has a value that no sender may use: IP version, header length, ARP types. */
    public static final int BAD_HEADER = 5;

    /** A fragment of an IPv4 packet, be it the first. */
    public static final int FRAGMENT = 6;

    /** An IPv4 packet with options. */
    public static final int IP_OPTIONS = 7;

    /** Neither IPv4, IPv6 nor ARP; also a second VLAN tag. */
    public static final int UNSUPPORTED_ETHER_TYPE = 8;

    /** IPv4, but neither TCP, UDP nor ICMP. */
    public static final int UNSUPPORTED_PROTOCOL = 9;

    /** Number of kinds; they are the integers below. */
    public static final int COUNT = 10;

    private static final String[] NAMES = {
        "transport",
        "icmp",
        "arp",
        "ipv6",
        "bad-length",
        "bad-header",
        "fragment",
        "ip-options",
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
