// SPDX-License-Identifier: Apache-2.0
/*
 * Decides, frame by frame, what is the balancer's and what is the kernel's.
 *
 * A frame that is ours goes to the AF_XDP socket of the queue it came in by; every other frame goes
 * on to the kernel as if we were not there. A frame once redirected cannot cheaply come back, so
 * this program takes only what the data plane has an answer for (or wants to count as dropped):
 *
 *   1. Everything sent to a VIP: the service's ports, but also other ports, fragments, options,
 *      ping and ICMP errors. The kernel knows no such address: it would forward such packets (back
 *      to the router they came from, until their TTL runs out) or drop them uncounted.
 *   2. ARP requests and neighbour solicitations that ask for a VIP, and ARP replies and neighbour
 *      advertisements that claim one.
 *   3. Return traffic of NAT backends: from a backend's endpoint, to any address not our own, later
 *      fragments (which have no ports) from any endpoint of such a backend, and ICMP errors about a
 *      packet that was on its way to a backend's endpoint.
 *   4. ICMP errors about a packet that we sent to a backend in a tunnel; of those to an address of
 *      the box only what tells the path's MTU: the rest is for the kernel and who listens there.
 *
 * A bridge takes every frame that it receives: what is not its own it sends on itself.
 *
 * A local address of full-nat is to this program a VIP with its range of ports. An address that is
 * both the box's own and a VIP is shared: the service's ports are ours, all else stays with the
 * kernel.
 *
 * The layouts of the maps are mirrored in io.naru.linux.xdp.FilterDescriptor. Compile with ./build;
 * the object is committed as a resource, and a test compares it with this source.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#define SECTION(name) __attribute__((section(name), used))
#define INLINE static inline __attribute__((always_inline))
#define BE16(value) ((__be16)__builtin_bswap16(value)) /* -target bpfel */

/* include/uapi/linux/bpf.h, enum bpf_func_id */
static void *(*bpf_map_lookup_elem)(const void *map, const void *key) = (void *)1;
static long (*bpf_redirect_map)(const void *map, __u64 key, __u64 flags) = (void *)51;

/* ---- what the maps hold --------------------------------------------------------------------- */

#define RANGES_MAX 16

#define ROLE_VIP 1u
#define ROLE_LOCAL 2u

/* IPv4 as ::ffff:a.b.c.d, RFC 4291 2.5.5.2; network order. */
struct address {
	__be32 word[4];
};

/* 20 bytes, no padding: hash maps compare keys byte by byte. */
struct endpoint {
	struct address address;
	__be16 port;
	__u8 protocol;
	__u8 zero;
};

/* Host order, both ends included. */
struct port_range {
	__u16 first;
	__u16 last;
	__u32 protocol;
};

struct role {
	__u32 flags;
	__u32 range_count;
	struct port_range range[RANGES_MAX];
};

/* What became of a frame; the index of its counter. */
enum verdict {
	PASS_OTHER = 0,     /* nothing to do with us */
	PASS_LOCAL = 1,     /* to one of the box's own addresses */
	TAKE_VIP = 2,       /* to a VIP */
	TAKE_NEIGHBOUR = 3, /* ARP or NDP about a VIP */
	TAKE_RETURN = 4,    /* from a NAT backend's endpoint */
	TAKE_ERROR = 5,     /* ICMP error about a packet to a NAT backend's endpoint */
	PASS_NO_SOCKET = 6, /* ours, but no socket serves this queue */
	TAKE_BRIDGED = 7,   /* whatever it is, by a bridge */
	VERDICT_COUNT = 8,
};

struct map_definition {
	__u32 type;
	__u32 key_size;
	__u32 value_size;
	__u32 max_entries;
	__u32 flags;
};

#define MAP(name) const struct map_definition name SECTION("maps")

/* Our sockets by receive queue. One map an interface; the loader sets the number of entries. */
MAP(naru_sockets) = {BPF_MAP_TYPE_XSKMAP, sizeof(__u32), sizeof(__u32), 64, 0};

/* What the interface is: one map an interface. */
#define SETTING_BRIDGE 0 /* every frame is ours */
#define SETTING_VLAN 1	 /* ours are the frames of this VLAN; 0: with one tag or none */
MAP(naru_settings) = {BPF_MAP_TYPE_ARRAY, sizeof(__u32), sizeof(__u32), 2, 0};

MAP(naru_counters) = {BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(__u32), sizeof(__u64), VERDICT_COUNT, 0};

/* Whose address it is. */
MAP(naru_addresses) = {
	BPF_MAP_TYPE_HASH, sizeof(struct address), sizeof(struct role), 16384, BPF_F_NO_PREALLOC};

/* A service's endpoint with exactly one port; asked only for addresses that are shared. */
MAP(naru_services) = {
	BPF_MAP_TYPE_HASH, sizeof(struct endpoint), sizeof(__u32), 16384, BPF_F_NO_PREALLOC};

/*
 * A NAT backend's endpoint; port 0 is any port. With FRAGMENT in the protocol: that protocol of the
 * address, whatever the port. With the protocol of a tunnel: the backend is at its end.
 */
MAP(naru_backends) = {
	BPF_MAP_TYPE_HASH, sizeof(struct endpoint), sizeof(__u32), 65536, BPF_F_NO_PREALLOC};

/* ---- reading frames ------------------------------------------------------------------------- */

struct vlan_header {
	__be16 tci;
	__be16 protocol;
};

/* RFC 826 for Ethernet and IPv4; linux/if_arp.h and linux/icmp.h pull in all of libc's headers. */
#define ARP_ETHERNET 1
#define ARP_REQUEST 1
#define ARP_REPLY 2

struct arp_ipv4 {
	__be16 hardware;
	__be16 protocol;
	__u8 hardware_length;
	__u8 protocol_length;
	__be16 operation;
	__u8 sender_mac[ETH_ALEN];
	__u8 sender_ip[4];
	__u8 target_mac[ETH_ALEN];
	__u8 target_ip[4];
} __attribute__((packed));

struct ports {
	__be16 source;
	__be16 destination;
};

/* RFC 792 and RFC 4443: what follows depends on the type. */
struct icmp {
	__u8 type;
	__u8 code;
	__be16 checksum;
	__be32 rest;
};

#define ICMP_UNREACHABLE 3
#define ICMP_FRAGMENTATION_NEEDED 4 /* a code of it */
#define ICMP_TIME_EXCEEDED 11
#define ICMP_PARAMETER_PROBLEM 12
#define ICMPV6_UNREACHABLE 1
#define ICMPV6_PACKET_TOO_BIG 2
#define ICMPV6_PARAMETER_PROBLEM 4
#define ICMPV6_NEIGHBOUR_SOLICITATION 135
#define ICMPV6_NEIGHBOUR_ADVERTISEMENT 136

/* RFC 4861 4.3. */
struct neighbour_solicitation {
	struct icmp icmp;
	struct address target;
};

#define FRAGMENT_OFFSET BE16(0x1fff)
#define FRAGMENT_OFFSET_6 BE16(0xfff8)

/* In the protocol of an endpoint: what is asked for is a fragment without ports. */
#define FRAGMENT 0x80

/* RFC 8200 4.5. */
struct fragment6 {
	__u8 protocol;
	__u8 zero;
	__be16 offset;
	__be32 identification;
};

INLINE void put_ipv4(struct address *address, __be32 ip)
{
	address->word[0] = 0;
	address->word[1] = 0;
	address->word[2] = BE16(0xffff) << 16;
	address->word[3] = ip;
}

INLINE void put_ipv6(struct address *address, const void *ip)
{
	__builtin_memcpy(address, ip, sizeof(*address));
}

INLINE const struct ports *ports_at(const void *l4, const void *end, __u8 protocol)
{
	const struct ports *ports = l4;

	if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)
		return 0;
	return (const void *)(ports + 1) <= end ? ports : 0;
}

/* The header behind the IPv4 header, or 0 for a later fragment and for a length that can't be. */
INLINE const void *behind_ipv4(const struct iphdr *ip)
{
	if (ip->ihl < 5 || (ip->frag_off & FRAGMENT_OFFSET))
		return 0;
	return (const void *)ip + ip->ihl * 4;
}

INLINE int is_backend(struct endpoint *endpoint)
{
	if (bpf_map_lookup_elem(&naru_backends, endpoint))
		return 1;
	endpoint->port = 0;
	return bpf_map_lookup_elem(&naru_backends, endpoint) != 0;
}

INLINE int is_backend_of(struct endpoint *endpoint, __u8 protocol)
{
	endpoint->port = 0;
	endpoint->protocol = protocol;
	return bpf_map_lookup_elem(&naru_backends, endpoint) != 0;
}

INLINE int is_tunnel(__u8 protocol)
{
	return protocol == IPPROTO_GRE || protocol == IPPROTO_IPIP || protocol == IPPROTO_IPV6;
}

INLINE int is_service(const struct endpoint *endpoint, const struct role *role)
{
	const __u16 port = __builtin_bswap16(endpoint->port);

	if (bpf_map_lookup_elem(&naru_services, endpoint))
		return 1;
	for (__u32 i = 0; i < RANGES_MAX && i < role->range_count; i++) {
		const struct port_range *range = &role->range[i];

		if (range->first <= port && port <= range->last &&
		    range->protocol == endpoint->protocol)
			return 1;
	}
	return 0;
}

/*
 * `endpoint` holds the destination's address. `ports` is 0 if there are none to be read.
 * PASS_OTHER: the address is neither a VIP nor the box's own.
 */
INLINE enum verdict by_destination(struct endpoint *endpoint, const struct ports *ports)
{
	const struct role *role = bpf_map_lookup_elem(&naru_addresses, &endpoint->address);

	if (!role)
		return PASS_OTHER;
	if (!(role->flags & ROLE_LOCAL))
		return TAKE_VIP;
	if (!(role->flags & ROLE_VIP) || !ports)
		return PASS_LOCAL;
	endpoint->port = ports->destination;
	return is_service(endpoint, role) ? TAKE_VIP : PASS_LOCAL;
}

/* Who answers for an address when a neighbour asks. */
INLINE enum verdict by_owner(const struct address *address)
{
	const struct role *role = bpf_map_lookup_elem(&naru_addresses, address);

	if (!role)
		return PASS_OTHER;
	return role->flags & ROLE_LOCAL ? PASS_LOCAL : TAKE_NEIGHBOUR;
}

INLINE enum verdict arp(const struct arp_ipv4 *arp, const void *end)
{
	struct address address;
	__be32 ip;

	if ((const void *)(arp + 1) > end)
		return PASS_OTHER;
	if (arp->hardware != BE16(ARP_ETHERNET) || arp->protocol != BE16(ETH_P_IP) ||
	    arp->hardware_length != ETH_ALEN || arp->protocol_length != sizeof(ip))
		return PASS_OTHER;

	if (arp->operation == BE16(ARP_REQUEST))
		__builtin_memcpy(&ip, arp->target_ip, sizeof(ip));
	else if (arp->operation == BE16(ARP_REPLY))
		__builtin_memcpy(&ip, arp->sender_ip, sizeof(ip)); /* a VIP: someone else claims it */
	else
		return PASS_OTHER;

	put_ipv4(&address, ip);
	return by_owner(&address);
}

/* An ICMP error quotes the packet it is about: was that on its way to a backend? */
INLINE enum verdict ipv4_error(const struct icmp *icmp, const void *end, struct endpoint *key)
{
	const struct iphdr *quoted = (const void *)(icmp + 1);
	const struct ports *ports;
	const void *l4;

	if ((const void *)(quoted + 1) > end)
		return PASS_OTHER;
	if (icmp->type != ICMP_UNREACHABLE && icmp->type != ICMP_TIME_EXCEEDED &&
	    icmp->type != ICMP_PARAMETER_PROBLEM)
		return PASS_OTHER;

	if (is_tunnel(quoted->protocol)) {
		put_ipv4(&key->address, quoted->daddr);
		return is_backend_of(key, quoted->protocol) ? TAKE_ERROR : PASS_OTHER;
	}

	l4 = behind_ipv4(quoted);
	if (!l4)
		return PASS_OTHER;
	ports = ports_at(l4, end, quoted->protocol);
	if (!ports)
		return PASS_OTHER;

	put_ipv4(&key->address, quoted->daddr);
	key->port = ports->destination;
	key->protocol = quoted->protocol;
	return is_backend(key) ? TAKE_ERROR : PASS_OTHER;
}

INLINE int is_too_big(const struct icmp *icmp)
{
	return icmp->type == ICMP_UNREACHABLE && icmp->code == ICMP_FRAGMENTATION_NEEDED;
}

INLINE enum verdict ipv4(const struct iphdr *ip, const void *end)
{
	struct endpoint key = {};
	const struct ports *ports = 0;
	enum verdict verdict;
	const void *l4;

	if ((const void *)(ip + 1) > end)
		return PASS_OTHER;

	l4 = behind_ipv4(ip);
	if (l4)
		ports = ports_at(l4, end, ip->protocol);

	put_ipv4(&key.address, ip->daddr);
	key.protocol = ip->protocol;
	verdict = by_destination(&key, ports);
	if (verdict == PASS_LOCAL && l4 && ip->protocol == IPPROTO_ICMP &&
	    ipv4_error(l4, end, &key) == TAKE_ERROR && is_tunnel(key.protocol) &&
	    is_too_big(l4))
		return TAKE_ERROR;
	if (verdict != PASS_OTHER)
		return verdict;

	if (ports) {
		put_ipv4(&key.address, ip->saddr);
		key.port = ports->source;
		return is_backend(&key) ? TAKE_RETURN : PASS_OTHER;
	}
	if (l4 && ip->protocol == IPPROTO_ICMP)
		return ipv4_error(l4, end, &key);
	if (!l4) {
		put_ipv4(&key.address, ip->saddr);
		return is_backend_of(&key, ip->protocol | FRAGMENT) ? TAKE_RETURN : PASS_OTHER;
	}
	return PASS_OTHER;
}

INLINE enum verdict ipv6_error(const struct icmp *icmp, const void *end, struct endpoint *key)
{
	const struct ipv6hdr *quoted = (const void *)(icmp + 1);
	const struct ports *ports;

	if ((const void *)(quoted + 1) > end)
		return PASS_OTHER;
	if (icmp->type < ICMPV6_UNREACHABLE || icmp->type > ICMPV6_PARAMETER_PROBLEM)
		return PASS_OTHER;
	if (is_tunnel(quoted->nexthdr)) {
		put_ipv6(&key->address, &quoted->daddr);
		return is_backend_of(key, quoted->nexthdr) ? TAKE_ERROR : PASS_OTHER;
	}
	ports = ports_at(quoted + 1, end, quoted->nexthdr);
	if (!ports)
		return PASS_OTHER;

	put_ipv6(&key->address, &quoted->daddr);
	key->port = ports->destination;
	key->protocol = quoted->nexthdr;
	return is_backend(key) ? TAKE_ERROR : PASS_OTHER;
}

/* Of extension headers only the fragment's is followed; with others a packet passes, or is a VIP's. */
INLINE enum verdict ipv6(const struct ipv6hdr *ip, const void *end, int multicast)
{
	const struct neighbour_solicitation *solicitation = (const void *)(ip + 1);
	const struct fragment6 *fragment = (const void *)(ip + 1);
	const void *l4 = ip + 1;
	struct endpoint key = {};
	const struct ports *ports = 0;
	enum verdict verdict;
	int is_later = 0;
	__u8 protocol;

	if ((const void *)(ip + 1) > end)
		return PASS_OTHER;

	if (ip->nexthdr == IPPROTO_ICMPV6 && (const void *)(solicitation + 1) <= end &&
	    (solicitation->icmp.type == ICMPV6_NEIGHBOUR_SOLICITATION ||
	     solicitation->icmp.type == ICMPV6_NEIGHBOUR_ADVERTISEMENT)) {
		put_ipv6(&key.address, &solicitation->target);
		return by_owner(&key.address);
	}
	if (multicast)
		return PASS_OTHER;

	protocol = ip->nexthdr;
	if (protocol == IPPROTO_FRAGMENT && (const void *)(fragment + 1) <= end) {
		protocol = fragment->protocol;
		l4 = fragment + 1;
		is_later = (fragment->offset & FRAGMENT_OFFSET_6) != 0;
	}
	if (!is_later)
		ports = ports_at(l4, end, protocol);

	put_ipv6(&key.address, &ip->daddr);
	key.protocol = protocol;
	verdict = by_destination(&key, ports);
	if (verdict == PASS_LOCAL && protocol == IPPROTO_ICMPV6 && !is_later &&
	    (const void *)(l4 + sizeof(struct icmp)) <= end &&
	    ipv6_error(l4, end, &key) == TAKE_ERROR && is_tunnel(key.protocol) &&
	    ((const struct icmp *)l4)->type == ICMPV6_PACKET_TOO_BIG)
		return TAKE_ERROR;
	if (verdict != PASS_OTHER)
		return verdict;

	put_ipv6(&key.address, &ip->saddr);
	if (ports) {
		key.port = ports->source;
		return is_backend(&key) ? TAKE_RETURN : PASS_OTHER;
	}
	if (is_later)
		return is_backend_of(&key, protocol | FRAGMENT) ? TAKE_RETURN : PASS_OTHER;
	if (protocol == IPPROTO_ICMPV6)
		return ipv6_error(l4, end, &key);
	return PASS_OTHER;
}

INLINE __u32 setting(__u32 index)
{
	const __u32 *value = bpf_map_lookup_elem(&naru_settings, &index);

	return value ? *value : 0;
}

INLINE enum verdict ethernet(const struct ethhdr *ethernet, const void *end)
{
	const struct vlan_header *vlan = (const void *)(ethernet + 1);
	const void *l3 = ethernet + 1;
	const __u32 wanted_vlan = setting(SETTING_VLAN);
	__be16 protocol;
	int multicast;

	if ((const void *)(ethernet + 1) > end)
		return PASS_OTHER;

	multicast = ethernet->h_dest[0] & 1; /* broadcast too */
	protocol = ethernet->h_proto;
	if (protocol == BE16(ETH_P_8021Q) || protocol == BE16(ETH_P_8021AD)) {
		if ((const void *)(vlan + 1) > end)
			return PASS_OTHER;
		if (wanted_vlan && (protocol != BE16(ETH_P_8021Q) ||
				    (__builtin_bswap16(vlan->tci) & 0x0fff) != wanted_vlan))
			return PASS_OTHER;
		protocol = vlan->protocol;
		l3 = vlan + 1;
	} else if (wanted_vlan) {
		return PASS_OTHER;
	}

	if (protocol == BE16(ETH_P_IP))
		return multicast ? PASS_OTHER : ipv4(l3, end);
	if (protocol == BE16(ETH_P_IPV6))
		return ipv6(l3, end, multicast);
	if (protocol == BE16(ETH_P_ARP))
		return arp(l3, end);
	return PASS_OTHER;
}

SECTION("xdp")
int naru_filter(struct xdp_md *context)
{
	const void *end = (const void *)(long)context->data_end;
	__u32 verdict = setting(SETTING_BRIDGE)
				? TAKE_BRIDGED
				: ethernet((const void *)(long)context->data, end);
	int action = XDP_PASS;
	__u64 *counter;

	if (verdict != PASS_OTHER && verdict != PASS_LOCAL) {
		action = bpf_redirect_map(&naru_sockets, context->rx_queue_index, XDP_PASS);
		if (action != XDP_REDIRECT)
			verdict = PASS_NO_SOCKET;
	}

	counter = bpf_map_lookup_elem(&naru_counters, &verdict);
	if (counter)
		*counter += 1; /* per CPU */
	return action;
}

/* Uses no helper that is reserved for GPL-compatible programs. */
const char naru_license[] SECTION("license") = "Apache-2.0";
