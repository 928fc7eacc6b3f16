/*
 * Takes the tunnel header off packets on their way into a backend: what `ip_gre`, `ipip`, `ip6_gre` and
 * `ip6_tunnel` do on a kernel that has them. For kernels without, such as those of many test machines.
 *
 *   tc qdisc add dev eth0 clsact
 *   tc filter add dev eth0 ingress bpf direct-action obj decapsulate.bpf.o sec tc
 *
 * Every mix of inner and outer IPv4 and IPv6. A tunnel packet that a real receiver would not take is dropped
 * here too: a wrong checksum of the outer IPv4 header, GRE with reserved bits set or another version
 * (RFC 2784 §2.1, RFC 2890 §2), a payload whose version is not what the header in front of it says.
 * Packets without a tunnel header pass untouched; so do fragments of outer packets, which arrive here
 * before anything has put them together.
 */
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#ifndef BPF_F_ADJ_ROOM_DECAP_L3_IPV4 /* linux/bpf.h of 6.3 and newer has them */
#define BPF_F_ADJ_ROOM_DECAP_L3_IPV4 (1ULL << 7)
#define BPF_F_ADJ_ROOM_DECAP_L3_IPV6 (1ULL << 8)
#endif

#define GRE_CHECKSUM 0x8000
#define GRE_KEY 0x2000
#define GRE_SEQUENCE 0x1000
#define GRE_OPTION_BYTES 4
#define IPV4_FRAGMENT 0x3fff /* more fragments, or an offset */

struct gre_header {
    __be16 flags;
    __be16 protocol;
};

static __always_inline int is_tunnel(__u8 protocol)
{
    return protocol == IPPROTO_IPIP || protocol == IPPROTO_IPV6 || protocol == IPPROTO_GRE;
}

static __always_inline int checksum_is_right(struct iphdr *ip)
{
    __u32 sum = bpf_csum_diff(0, 0, (__be32 *)ip, sizeof(*ip), 0);

    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return sum == 0xffff;
}

/* The length of the GRE header at `offset`, 0 if it is not one that we take. */
static __always_inline __u32 gre_length(struct __sk_buff *skb, __u32 offset, __be16 *inner_type)
{
    struct gre_header gre;
    __u32 length = sizeof(gre);
    __u16 flags;

    if (bpf_skb_load_bytes(skb, offset, &gre, sizeof(gre)))
        return 0;

    flags = bpf_ntohs(gre.flags);
    if (flags & ~(GRE_CHECKSUM | GRE_KEY | GRE_SEQUENCE))
        return 0;

    if (flags & GRE_CHECKSUM)
        length += GRE_OPTION_BYTES;
    if (flags & GRE_KEY)
        length += GRE_OPTION_BYTES;
    if (flags & GRE_SEQUENCE)
        length += GRE_OPTION_BYTES;
    *inner_type = gre.protocol;
    return length;
}

SEC("tc")
int decapsulate(struct __sk_buff *skb)
{
    __be16 outer_type = skb->protocol, inner_type;
    __u64 flags = BPF_F_ADJ_ROOM_FIXED_GSO;
    __u32 length;
    __u8 protocol, version;
    void *data, *end;

    if (outer_type == bpf_htons(ETH_P_IP)) {
        struct iphdr *ip;

        if (bpf_skb_pull_data(skb, ETH_HLEN + sizeof(*ip)))
            return TC_ACT_OK;
        data = (void *)(long)skb->data;
        end = (void *)(long)skb->data_end;
        ip = data + ETH_HLEN;
        if ((void *)(ip + 1) > end || !is_tunnel(ip->protocol) || ip->frag_off & bpf_htons(IPV4_FRAGMENT))
            return TC_ACT_OK;
        if (ip->ihl != 5 || !checksum_is_right(ip))
            return TC_ACT_SHOT;
        protocol = ip->protocol;
        length = sizeof(*ip);
    } else if (outer_type == bpf_htons(ETH_P_IPV6)) {
        struct ipv6hdr *ip;

        if (bpf_skb_pull_data(skb, ETH_HLEN + sizeof(*ip)))
            return TC_ACT_OK;
        data = (void *)(long)skb->data;
        end = (void *)(long)skb->data_end;
        ip = data + ETH_HLEN;
        if ((void *)(ip + 1) > end || !is_tunnel(ip->nexthdr))
            return TC_ACT_OK;
        protocol = ip->nexthdr;
        length = sizeof(*ip);
    } else {
        return TC_ACT_OK;
    }

    inner_type = protocol == IPPROTO_IPV6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP);
    if (protocol == IPPROTO_GRE) {
        __u32 gre = gre_length(skb, ETH_HLEN + length, &inner_type);

        if (!gre)
            return TC_ACT_SHOT;
        length += gre;
    }

    if (bpf_skb_load_bytes(skb, ETH_HLEN + length, &version, sizeof(version)))
        return TC_ACT_SHOT;
    if (version >> 4 == 4 ? inner_type != bpf_htons(ETH_P_IP)
                          : version >> 4 != 6 || inner_type != bpf_htons(ETH_P_IPV6))
        return TC_ACT_SHOT;

    if (inner_type != outer_type)
        flags |= inner_type == bpf_htons(ETH_P_IP) ? BPF_F_ADJ_ROOM_DECAP_L3_IPV4 : BPF_F_ADJ_ROOM_DECAP_L3_IPV6;
    if (bpf_skb_adjust_room(skb, -(__s32)length, BPF_ADJ_ROOM_MAC, flags))
        return TC_ACT_SHOT;

    bpf_skb_store_bytes(skb, offsetof(struct ethhdr, h_proto), &inner_type, sizeof(inner_type), 0);
    return TC_ACT_OK;
}

char gpl[] SEC("license") = "GPL";
