package io.naru.dataplane.protocol;

/**
 * Why a packet was not sent on. Every reason is a counter of each worker.
 *
 * <p>The code is the reason's number in counters and statistics: codes are dense from 0, and new
 * reasons go to the end.
 */
public enum DropReason {
    BAD_LENGTH(0, "bad-length", "A header, or the length that it states, does not fit the frame."),
    BAD_HEADER(
            1, "bad-header", "A header has a value that no sender may use, such as IP version 5."),
    BAD_IP_CHECKSUM(2, "bad-ip-checksum", "The checksum of the IPv4 header is wrong."),
    UNSUPPORTED_ETHER_TYPE(
            3, "unsupported-ether-type", "Neither IPv4, IPv6 nor ARP, or more than one VLAN tag."),
    EXTENSION_HEADER(
            4,
            "extension-header",
            "An IPv6 packet with a routing header that is not done with, or with too many headers."),
    FRAGMENT(
            5,
            "fragment",
            "A fragment of a packet that is neither TCP nor UDP, such as a ping of many bytes."),
    IP_OPTIONS(
            6, "ip-options", "The IPv4 header has a source route, or options that make no sense."),
    UNSUPPORTED_PROTOCOL(7, "unsupported-protocol", "A packet that is neither TCP, UDP nor ICMP."),
    VLAN_TAG(
            8,
            "vlan-tag",
            "A packet with a VLAN tag that would have to leave by another interface."),
    NOT_OUR_MAC(
            9,
            "not-our-mac",
            "Sent to another machine's MAC address: a switch floods, or the interface is"
                    + " promiscuous."),
    NOT_OURS(
            10,
            "not-ours",
            "Neither sent to a VIP nor sent by a backend of a nat service: the filter should have"
                    + " left it to the kernel."),
    BAD_SOURCE(
            11,
            "bad-source",
            "The source address cannot be a client's (a VIP, multicast, loopback, link-local or"
                    + " zero)."),
    NO_SERVICE(12, "no-service", "Sent to a VIP, but to a port that no service has."),
    NO_FLOW(
            13,
            "no-flow",
            "Part of a connection that is not in the flow table: it has timed out, or it began"
                    + " before this process did."),
    NO_BACKEND(
            14,
            "no-backend",
            "A new flow, but every backend of the service is drained, standing by or down."),
    BACKEND_DOWN(15, "backend-down", "Part of a connection to a backend that is down."),
    NEXT_HOP_UNRESOLVED(
            16,
            "next-hop-unresolved",
            "The MAC address of the backend, or of the router to it, is not known (yet)."),
    TTL_EXPIRED(
            17, "ttl-expired", "The time to live ran out here: a routing loop, or a traceroute."),
    ICMP_OTHER(
            18,
            "icmp-other",
            "ICMP that is neither an echo request to a VIP nor an error about a packet of TCP or UDP."),
    ECHO_OFF(19, "echo-off", "An echo request to a VIP, and answering is switched off (vip-echo)."),
    BAD_ICMP_CHECKSUM(
            20,
            "bad-icmp-checksum",
            "The checksum of an ICMP message, or of the IPv4 header that it quotes, is wrong."),
    ARP_OTHER(21, "arp-other", "ARP that is not a request for a VIP."),
    VIP_CONFLICT(
            22,
            "vip-conflict",
            "Another machine says by ARP that it has one of our VIPs: look for it."),
    HANDOVER_FULL(
            23,
            "handover-full",
            "The ring to the worker that owns the flow is full: that worker cannot keep up."),
    TX_FULL(
            24,
            "tx-full",
            "The transmit ring is full: the interface (or the kernel) sends more slowly than we"
                    + " do."),
    NO_PORT(25, "no-port", "The next hop is behind an interface that the balancer does not use."),
    AMBIGUOUS_REPLY(
            26,
            "ambiguous-reply",
            "The client already talks from this port, by way of another VIP, to every backend that"
                    + " was tried: replies could not be told apart."),
    BAD_FRAGMENT(
            27,
            "bad-fragment",
            "A fragment that no sender makes: not all of the TCP or UDP header in the first one, a"
                    + " length that is no multiple of 8, or bytes beyond the end of the packet."),
    FRAGMENT_OVERLAP(
            28,
            "fragment-overlap",
            "A fragment with bytes that another one had already, or of a packet that had such a"
                    + " fragment before (RFC 5722)."),
    FRAGMENT_DUPLICATE(29, "fragment-duplicate", "An exact copy of a fragment that was here."),
    TOO_MANY_FRAGMENTS(30, "too-many-fragments", "A packet in more than 64 fragments."),
    FRAGMENT_TIMEOUT(
            31,
            "fragment-timeout",
            "A fragment that waited for the first one of its packet, which did not come."),
    FRAGMENTS_FULL(
            32,
            "fragments-full",
            "A fragment that had waited for the first one of its packet longest, when there was no"
                    + " room for another."),
    NDP_OTHER(33, "ndp-other", "Neighbour discovery that is not about an address of ours."),
    NO_LOCAL_PORT(
            34,
            "no-local-port",
            "A new full-nat flow, but every port of the local addresses is in use: add local"
                    + " addresses."),
    FLOW_TABLE_FULL(
            35,
            "flow-table-full",
            "A new full-nat flow, but the flow table has no room for it: raise flow-capacity."),
    NO_FRAME(
            36,
            "no-frame",
            "No frame was free for a packet that the balancer makes itself (a reply, a fragment, a"
                    + " copy)."),
    TOO_BIG(
            37,
            "too-big",
            "Longer than the path to the backend or client takes, and not to be fragmented; the"
                    + " sender is told."),
    ICMP_NO_FLOW(38, "icmp-no-flow", "An ICMP error about a packet of no flow that is known."),
    NO_TUNNEL_SOURCE(
            39,
            "no-tunnel-source",
            "The interface towards the backend has no address of the backend's family to be the"
                    + " source of the tunnel: give it one, or the service a tunnel source."),
    ICMP_TUNNEL(
            40,
            "icmp-tunnel",
            "An ICMP error about a packet that we sent through a tunnel, read and answered to nobody:"
                    + " what it says of the path is remembered."),
    LAND(41, "land", "A packet whose source is also its destination (a \"land\" attack)."),
    SAME_SEGMENT(
            42,
            "same-segment",
            "A bridged frame whose station is on the segment that it came from: it has it already."),
    BRIDGE_LOOP(
            43,
            "bridge-loop",
            "Two ports of the bridge are on one segment: one of them is closed until they are not."),
    OTHER_VLAN(44, "other-vlan", "A frame that is not of the interface's VLAN."),
    OVER_LIMIT(
            45,
            "over-limit",
            "A new flow, but its service or every backend that was tried has as many as its limits"
                    + " allow.");

    private static final DropReason[] BY_CODE = values();

    private final int code;
    private final String label;
    private final String sentence;

    DropReason(final int code, final String label, final String sentence) {
        this.code = code;
        this.label = label;
        this.sentence = sentence;
    }

    /** The number that stands for it in counters. */
    public int code() {
        return code;
    }

    /** The name by which operators know it, in kebab-case. */
    public String label() {
        return label;
    }

    /** What it means, in one sentence to an operator. */
    public String sentence() {
        return sentence;
    }

    /** How many reasons there are. */
    public static int count() {
        return BY_CODE.length;
    }

    /** The reason of a code, or null if there is none; allocates nothing. */
    public static DropReason ofCode(final int code) {
        return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : null;
    }
}
