/*
 * A host's end in one VLAN, as its VLAN device makes it, for kernels without 8021q such as those of many test
 * machines: the tag comes off what arrives and goes on what leaves. What has no tag, or another VLAN's, does not
 * get in.
 *
 *   clang -DVLAN_ID=100 ...
 *   tc qdisc add dev eth0 clsact
 *   tc filter add dev eth0 ingress pref 1 bpf direct-action obj vlan.bpf.o sec ingress
 *   tc filter add dev eth0 egress pref 1 bpf direct-action obj vlan.bpf.o sec egress
 *
 * At ingress the kernel has taken the tag out of the frame already (skb_vlan_untag). Filters behind these
 * see a host without VLANs.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define VLAN_ID_MASK 0x0fff

SEC("ingress")
int take_off(struct __sk_buff *skb)
{
    if (!skb->vlan_present || (skb->vlan_tci & VLAN_ID_MASK) != VLAN_ID)
        return TC_ACT_SHOT;

    return bpf_skb_vlan_pop(skb) ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

SEC("egress")
int put_on(struct __sk_buff *skb)
{
    return bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), VLAN_ID) ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

char gpl[] SEC("license") = "GPL";
