#!/usr/bin/python3
"""Makes a capture for each mode and family, its configuration, and what has to come out, with scapy.

`./naru replay NAME.in.pcap -c NAME.yaml -w out.pcap` makes NAME.out.pcap, bit for bit; GoldenCapturesTest does that.
The packets out are built from their fields, with checksums reckoned from scratch: nothing of Naru is used. What
Naru chooses by a hash (a local port, the flow label of a tunnel) stands here as a number.

    /usr/bin/python3 modes.py      # writes *.yaml, *.in.pcap and *.out.pcap beside this file
"""
import os

from scapy.all import (
    GRE,
    IP,
    TCP,
    UDP,
    Ether,
    ICMP,
    ICMPv6DestUnreach,
    ICMPv6EchoReply,
    ICMPv6EchoRequest,
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptSrcLLAddr,
    IPv6,
    IPv6ExtHdrFragment,
    Raw,
    RawPcapWriter,
)

ROUTER = "02:00:00:00:01:01"  # the clients' router
SERVERS = "02:00:00:00:02:01"  # what backends' answers come from
BOX0 = "02:00:00:00:00:10"  # the balancer, on the clients' side
BOX1 = "02:00:00:00:00:11"  # and on the backends'
SECOND = 1_000_000
START = 1_700_000_000 * SECOND

VIP = {4: "192.0.2.10", 6: "2001:db8::10"}
CLIENT = {4: "198.51.100.7", 6: "2001:db8:51::7"}
BACKEND = {4: "10.2.0.1", 6: "2001:db8:2::1"}
LOCAL = {4: "10.2.0.100", 6: "2001:db8:2::100"}
TUNNEL = {4: "10.2.0.254", 6: "2001:db8:2::fe"}
NEXT_HOP = {4: "02:00:0a:02:00:01", 6: "02:06:00:00:00:01"}  # as replay makes them up
PAYLOAD = bytes(i * 31 % 251 for i in range(3001))


def ip(source, target, ttl=64, cls=0, number=7):
    """An IP header of the addresses' family."""
    if ":" in source:
        return IPv6(src=source, dst=target, hlim=ttl, tc=cls, fl=0x12345)
    return IP(src=source, dst=target, ttl=ttl, tos=cls, id=number, flags="DF" if number == 7 else 0)


def frame(source, target, packet):
    """A frame whose bytes are settled, checksums and all."""
    return Ether(bytes(Ether(src=source, dst=target) / packet))


def pieces(packet, step, number):
    """The packet in fragments of `step` bytes each, behind the same headers."""
    whole = packet[IPv6] if IPv6 in packet else packet[IP]
    raw = bytes(whole)
    length = 40 if IPv6 in packet else 20
    body = raw[length:]
    out = []
    for start in range(0, len(body), step):
        part, more = body[start : start + step], start + step < len(body)
        if IPv6 in packet:
            head = IPv6(src=whole.src, dst=whole.dst, hlim=whole.hlim, tc=whole.tc, fl=whole.fl)
            head = head / IPv6ExtHdrFragment(nh=whole.nh, offset=start // 8, m=int(more), id=number)
        else:
            head = IP(src=whole.src, dst=whole.dst, ttl=whole.ttl, tos=whole.tos, id=number, proto=whole.proto)
            head.flags, head.frag = ("MF" if more else 0), start // 8
        out.append(head / Raw(part))
    return out


class Scenario:
    """Packets in with the packets out that each brings about at that moment."""

    def __init__(self, family, backend_family=None):
        self.family = family
        self.backend_family = backend_family or family
        self.events = []
        self.time = START

    def event(self, packet, *out):
        self.events.append((self.time, packet, list(out)))
        self.time += 1000


def service_yaml(mode, family, backend_family, extra=""):
    address = BACKEND[backend_family]
    backend = address
    if not mode.startswith("dsr"):
        backend = ("[%s]:8080" if backend_family == 6 else "%s:8080") % address
    lines = ["topology: routed", "interfaces: [eth0, eth1]"]
    if mode == "full-nat":
        lines.append('local-addresses: ["%s"]' % LOCAL[family])
    lines.append("services:")
    for name, protocol in (("web", "tcp"), ("dns", "udp")):
        lines.append("  - name: " + name)
        lines.append('    vip: "%s"' % VIP[family])
        lines.append("    port: 80\n    protocol: %s\n    mode: %s" % (protocol, mode))
        if extra:
            lines.append("    tunnel: " + extra)
        lines.append('    backends: ["%s"]' % backend)
    return "\n".join(lines) + "\n"


def transport(flags, sport, dport, seq, ack, payload=b""):
    return TCP(sport=sport, dport=dport, flags=flags, seq=seq, ack=ack) / Raw(payload)


def rewritten(mode, family, local_port):
    """nat and full-nat: a connection, a datagram in fragments with the first one last, an error from behind us."""
    s = Scenario(family)
    vip, client, backend = VIP[family], CLIENT[family], BACKEND[family]
    source = LOCAL[family] if mode == "full-nat" else client
    via, back = (BOX1, NEXT_HOP[family]), (BOX0, ROUTER)
    tcp_source = local_port or 40001
    udp_source = local_port or 5353

    def there(flags, seq, ack, payload=b""):
        s.event(
            frame(ROUTER, BOX0, ip(client, vip, 57) / transport(flags, 40001, 80, seq, ack, payload)),
            frame(*via, ip(source, backend, 56) / transport(flags, tcp_source, 8080, seq, ack, payload)),
        )

    def answer(flags, seq, ack, payload=b""):
        s.event(
            frame(SERVERS, BOX1, ip(backend, source) / transport(flags, 8080, tcp_source, seq, ack, payload)),
            frame(*back, ip(vip, client, 63) / transport(flags, 80, 40001, seq, ack, payload)),
        )

    there("S", 100, 0)
    answer("SA", 1000, 101)
    there("A", 101, 1001)
    there("PA", 101, 1001, PAYLOAD[:301])
    answer("A", 1001, 402, PAYLOAD[:1200])
    there("FA", 402, 2201)
    answer("FA", 2201, 403)
    there("A", 403, 2202)

    def datagram(macs, source_, target, sport, dport, ttl):
        return frame(*macs, ip(source_, target, ttl, number=0) / UDP(sport=sport, dport=dport) / Raw(PAYLOAD))

    def in_fragments(ingress, packet, egress, result):
        before = pieces(packet, 1448, 0x4242)
        after = pieces(result, 1448, 0x4242)
        for piece in before[:0:-1]:
            s.event(frame(*ingress, piece))
        s.event(frame(*ingress, before[0]), frame(*egress, after[0]), *[frame(*egress, p) for p in after[:0:-1]])

    in_fragments(
        (ROUTER, BOX0),
        datagram((ROUTER, BOX0), client, vip, 5353, 80, 57),
        via,
        datagram(via, source, backend, udp_source, 8080, 56),
    )
    in_fragments(
        (SERVERS, BOX1),
        datagram((SERVERS, BOX1), backend, source, 8080, udp_source, 64),
        back,
        datagram(back, vip, client, 80, 5353, 63),
    )

    # the client has closed its port: the backend hears of it, quoted as it sent it
    quote_in = ip(vip, client, 50) / UDP(sport=80, dport=5353) / Raw(b"late")
    quote_out = ip(backend, source, 50) / UDP(sport=8080, dport=udp_source) / Raw(b"late")
    if family == 4:
        error = lambda quote: ICMP(type=3, code=3) / Raw(bytes(quote))
    else:
        error = lambda quote: ICMPv6DestUnreach(code=4) / Raw(bytes(quote))
    s.event(
        frame(ROUTER, BOX0, ip(client, vip, 57) / error(quote_in)),
        frame(*via, ip(source, backend, 56) / error(quote_out)),
    )
    return s


def dsr_l2(family):
    s = Scenario(family)
    vip, client = VIP[family], CLIENT[family]
    for flags, seq, ack, payload in (("S", 100, 0, b""), ("A", 101, 1001, b""), ("PA", 101, 1001, PAYLOAD[:301])):
        packet = ip(client, vip, 57) / transport(flags, 40001, 80, seq, ack, payload)
        s.event(frame(ROUTER, BOX0, packet), frame(BOX0, NEXT_HOP[family], packet))
    whole = frame(ROUTER, BOX0, ip(client, vip, 57, number=0) / UDP(sport=5353, dport=80) / Raw(PAYLOAD))
    parts = pieces(whole, 1448, 0x4242)
    egress = (BOX0, NEXT_HOP[family])
    for piece in parts[:0:-1]:
        s.event(frame(ROUTER, BOX0, piece))
    s.event(frame(ROUTER, BOX0, parts[0]), frame(*egress, parts[0]), *[frame(*egress, p) for p in parts[:0:-1]])
    return s


def tunnel(mode, family, backend_family, labels, key=None, checksum=False):
    s = Scenario(family, backend_family)
    vip, client = VIP[family], CLIENT[family]
    egress = (BOX0, NEXT_HOP[backend_family])

    def wrapped(inner, label, cls):
        if backend_family == 4:
            outer = IP(src=TUNNEL[4], dst=BACKEND[4], ttl=64, tos=cls, id=0, flags="DF")
        else:
            outer = IPv6(src=TUNNEL[6], dst=BACKEND[6], hlim=64, tc=cls, fl=label)
        raw = bytes(inner)
        if mode == "dsr-gre":
            gre = GRE(proto=0x86DD if family == 6 else 0x0800)
            if key is not None:
                gre.key_present, gre.key = 1, key
            if checksum:
                gre.chksum_present = 1
            return outer / gre / Raw(raw)
        if backend_family == 4:
            outer.proto = 41 if family == 6 else 4
        else:
            outer.nh = 41 if family == 6 else 4
        return outer / Raw(raw)

    # DSCP 46 and ECT(0) go over to the outer header
    for flags, seq, ack, payload in (("S", 100, 0, b""), ("A", 101, 1001, b""), ("PA", 101, 1001, PAYLOAD[:1201])):
        segment = transport(flags, 40001, 80, seq, ack, payload)
        s.event(
            frame(ROUTER, BOX0, ip(client, vip, 57, cls=0xBA) / segment),
            frame(*egress, wrapped(ip(client, vip, 56, cls=0xBA) / segment, labels[0], 0xBA)),
        )
    query = UDP(sport=5353, dport=80) / Raw(PAYLOAD)
    before = pieces(frame(ROUTER, BOX0, ip(client, vip, 57, number=0) / query), 1280, 0x4242)
    after = pieces(frame(ROUTER, BOX0, ip(client, vip, 56, number=0) / query), 1280, 0x4242)
    out = [frame(*egress, wrapped(piece, labels[1], 0)) for piece in after]
    for piece in before[:0:-1]:
        s.event(frame(ROUTER, BOX0, piece))
    s.event(frame(ROUTER, BOX0, before[0]), out[0], *out[:0:-1])
    return s


def answers6():
    """What a VIP of IPv6 answers itself."""
    s = Scenario(6)
    vip, client = VIP[6], CLIENT[6]
    asker = "2001:db8::1"
    group = "ff02::1:ff00:10"
    asks = IPv6(src=asker, dst=group, hlim=255) / ICMPv6ND_NS(tgt=vip) / ICMPv6NDOptSrcLLAddr(lladdr=ROUTER)
    tells = IPv6(src=vip, dst=asker, hlim=255) / ICMPv6ND_NA(tgt=vip, R=0, S=1, O=1)
    s.event(
        frame(ROUTER, "33:33:ff:00:00:10", asks),
        frame(BOX0, ROUTER, tells / ICMPv6NDOptDstLLAddr(lladdr=BOX0)),
    )
    s.event(
        frame(ROUTER, BOX0, ip(client, vip, 57) / ICMPv6EchoRequest(id=9, seq=1, data=PAYLOAD[:57])),
        frame(BOX0, ROUTER, ip(vip, client, 64) / ICMPv6EchoReply(id=9, seq=1, data=PAYLOAD[:57])),
    )
    # for replay to know our MAC
    s.event(
        frame(ROUTER, BOX0, ip(client, vip, 57) / transport("S", 40001, 80, 1, 0)),
        frame(BOX0, NEXT_HOP[6], ip(client, BACKEND[6], 56) / transport("S", 40001, 8080, 1, 0)),
    )
    return s


HERE = os.path.dirname(os.path.abspath(__file__))


def write(name, packets):
    with open(os.path.join(HERE, name), "wb") as file:
        writer = RawPcapWriter(file, linktype=1, nano=True, endianness="<", snaplen=65535)
        writer.write_header(None)
        for time_us, packet in packets:
            writer.write_packet(bytes(packet), sec=time_us // SECOND, usec=time_us % SECOND * 1000)
        writer.flush()


def save(name, scenario, mode, extra=""):
    write(name + ".in.pcap", [(time, packet) for time, packet, _ in scenario.events])
    write(name + ".out.pcap", [(time, out) for time, _, packets in scenario.events for out in packets])
    with open(os.path.join(HERE, name + ".yaml"), "w") as file:
        file.write(service_yaml(mode, scenario.family, scenario.backend_family, extra))


PORT = 24395  # the local port that comes first
LABELS = {4: (0x95186, 0xBAC33), 6: (0xE757F, 0xA0165)}  # of outer IPv6, by inner family: connection, datagram

for family in (4, 6):
    save("nat%d" % family, rewritten("nat", family, None), "nat")
    save("full-nat%d" % family, rewritten("full-nat", family, PORT), "full-nat")
    save("dsr-l2-%d" % family, dsr_l2(family), "dsr-l2")
    for outer in (4, 6):
        source = '%s: "%s"' % ("source-ipv6" if outer == 6 else "source", TUNNEL[outer])
        gre = tunnel("dsr-gre", family, outer, LABELS[family], key=7, checksum=True)
        save("dsr-gre-%din%d" % (family, outer), gre, "dsr-gre", "{ %s, key: 7, checksum: true }" % source)
        ipip = tunnel("dsr-ipip", family, outer, LABELS[family])
        save("dsr-ipip-%din%d" % (family, outer), ipip, "dsr-ipip", "{ %s }" % source)
save("answers6", answers6(), "nat")
