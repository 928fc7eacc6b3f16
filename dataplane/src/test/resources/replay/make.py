#!/usr/bin/python3
"""Makes the captures that ReplayTest replays, and what has to come out, with scapy.

Each scenario is a list of (time in microseconds, packet in, packet out or None). The packets out are
built from their fields by scapy, with checksums reckoned from scratch: nothing of Naru is used.

    /usr/bin/python3 make.py      # writes *.in.pcap and *.out.pcap beside this file
"""
import os

from scapy.all import ARP, ICMP, IP, TCP, UDP, Dot1Q, Ether, GRE, IPOption_LSRR, IPv6, Raw, RawPcapWriter

ROUTER = "02:00:00:00:01:01"  # the clients' router
BOX0 = "02:00:00:00:00:10"  # the balancer, on the clients' side
BOX1 = "02:00:00:00:00:11"  # and on the backends'
VIP = "192.0.2.10"
SECOND = 1_000_000
START = 1_700_000_000 * SECOND


def next_hop(ip):
    """The MAC that replay makes up for a backend."""
    return "02:00:" + ":".join("%02x" % int(part) for part in ip.split("."))


def to_vip(ip, transport, payload=b"", mac=BOX0):
    return Ether(src=ROUTER, dst=mac) / ip / transport / Raw(payload)


def from_backend(backend, client, transport, payload=b"", mac=BOX1):
    ip = IP(src=backend, dst=client, ttl=64, id=7, flags="DF")
    return Ether(src="02:00:00:00:02:" + backend[-1:].zfill(2), dst=mac) / ip / transport / Raw(payload)


def fresh(packet, keep_udp_checksum=False):
    """The same packet with checksums to be reckoned again when it is written."""
    packet = packet.copy()
    del packet[IP].chksum
    if TCP in packet:
        del packet[TCP].chksum
    elif UDP in packet and not keep_udp_checksum:
        del packet[UDP].chksum
    return packet


def nat_to_backend(packet, backend, port, source=BOX1):
    out = fresh(packet, UDP in packet and packet[UDP].chksum == 0)
    out.src, out.dst = source, next_hop(backend)
    out[IP].dst, out[IP].ttl = backend, packet[IP].ttl - 1
    out[IP].payload.dport = port
    return out


def nat_to_client(packet, port):
    out = fresh(packet, UDP in packet and packet[UDP].chksum == 0)
    out.src, out.dst = BOX0, ROUTER
    out[IP].src, out[IP].ttl = VIP, packet[IP].ttl - 1
    out[IP].payload.sport = port
    return out


class Client:
    def __init__(self, address, port):
        self.address, self.port = address, port

    def ip(self, **fields):
        return IP(src=self.address, dst=VIP, **{"ttl": 57, "id": self.port, "flags": "DF", **fields})

    def tcp(self, flags, seq, ack=0, payload=b"", port=80, **fields):
        segment = TCP(sport=self.port, dport=port, flags=flags, seq=seq, ack=ack, options=[("MSS", 1460)] if "S" in flags else [])
        return to_vip(self.ip(**fields), segment, payload)

    def answer(self, backend, flags, seq, ack, payload=b"", port=8080):
        return from_backend(
            backend, self.address, TCP(sport=port, dport=self.port, flags=flags, seq=seq, ack=ack), payload
        )


def nat():
    s1, s2, d1 = "10.2.0.1", "10.2.0.2", "10.2.0.3"
    a, b, c = Client("198.51.100.7", 40001), Client("198.51.100.8", 40002), Client("198.51.100.9", 40003)
    page = bytes(i * 31 % 251 for i in range(1400))
    request = b"GET / HTTP/1.1\r\nHost: www.example.net\r\n\r\n"
    events = []

    def event(time_us, packet, out=None):
        events.append((START + time_us, packet, out))

    def there(time_us, packet, backend, port=8080):
        event(time_us, packet, nat_to_backend(packet, backend, port))

    def back(time_us, packet, port=80):
        event(time_us, packet, nat_to_client(packet, port))

    # the VIP is asked for, and pinged
    asks = Ether(src=ROUTER, dst="ff:ff:ff:ff:ff:ff") / ARP(op=1, hwsrc=ROUTER, psrc="192.0.2.1", pdst=VIP)
    event(0, asks, Ether(src=BOX0, dst=ROUTER) / ARP(op=2, hwsrc=BOX0, psrc=VIP, hwdst=ROUTER, pdst="192.0.2.1"))
    ping = to_vip(IP(src=a.address, dst=VIP, ttl=57, id=3), ICMP(type=8, id=9, seq=1), b"abcdefgh" * 7)
    pong = Ether(src=BOX0, dst=ROUTER) / IP(src=VIP, dst=a.address, ttl=64, id=3) / ICMP(type=0, id=9, seq=1)
    event(100, ping, pong / Raw(b"abcdefgh" * 7))

    # two clients at the same instant; a whole connection each, the first ended by FIN, the second by RST
    there(SECOND, a.tcp("S", 100), s1)
    there(SECOND, b.tcp("S", 200), s2)
    back(SECOND + 500, a.answer(s1, "SA", 1000, 101))
    back(SECOND + 500, b.answer(s2, "SA", 2000, 201))
    there(SECOND + 900, a.tcp("A", 101, 1001), s1)
    there(SECOND + 901, a.tcp("PA", 101, 1001, request), s1)
    there(SECOND + 902, b.tcp("A", 201, 2001), s2)
    back(SECOND + 1500, a.answer(s1, "A", 1001, 142, page))
    back(SECOND + 1501, a.answer(s1, "PA", 2401, 142, page[:1]))
    there(SECOND + 2000, a.tcp("A", 142, 2402), s1)
    there(SECOND + 2100, a.tcp("FA", 142, 2402), s1)
    back(SECOND + 2200, a.answer(s1, "FA", 2402, 143))
    there(SECOND + 2300, a.tcp("A", 143, 2403), s1)
    there(SECOND + 2400, b.tcp("R", 201), s2)

    # a frame with padding behind the packet keeps it
    padded = Ether(bytes(c.tcp("S", 300)) + bytes(8))
    padded_out = Ether(bytes(nat_to_backend(c.tcp("S", 300), s1, 8080)) + bytes(8))
    event(SECOND + 3000, padded, padded_out)
    back(SECOND + 3100, c.answer(s1, "SA", 3000, 301))
    there(SECOND + 3200, c.tcp("A", 301, 3001), s1)

    # UDP: with a checksum, and without one
    query = to_vip(a.ip(), UDP(sport=5353, dport=53), b"\x12\x34 query")
    there(2 * SECOND, query, d1, 53)
    back(2 * SECOND + 300, from_backend(d1, a.address, UDP(sport=53, dport=5353, chksum=0), b"\x12\x34 answer"), 53)
    there(2 * SECOND + 400, to_vip(b.ip(), UDP(sport=5354, dport=53, chksum=0), b"?"), d1, 53)
    back(2 * SECOND + 500, from_backend(d1, b.address, UDP(sport=53, dport=5354), b"!"), 53)

    # what is dropped, in the order of the reasons' codes
    late = 3 * SECOND
    cut = bytes(a.tcp("A", 1, 1))[:40]
    bad_version = bytearray(bytes(a.tcp("A", 1, 1)))
    bad_version[14] = 0x55
    bad_sum = a.tcp("A", 1, 1)
    bad_sum[IP].chksum = 0xdead
    expired = c.tcp("A", 301, 3001, ttl=1)
    quoted = bytes(expired[IP])
    time_exceeded = Ether(src=BOX0, dst=ROUTER) / IP(src=VIP, dst=c.address, ttl=64, tos=0xC0, id=0, flags="DF")
    time_exceeded = time_exceeded / ICMP(type=11, code=0) / Raw(quoted)
    for packet in (
        Ether(cut),
        Ether(bytes(bad_version)),
        bad_sum,
        Ether(src=ROUTER, dst=BOX0, type=0x88B5) / Raw(b"an experiment" * 4),
        Ether(src=ROUTER, dst=BOX0) / IPv6(src="2001:db8::1", dst="2001:db8::2") / UDP(sport=1, dport=2),
        to_vip(a.ip(flags="MF"), ICMP(type=8, id=9, seq=2), b"x" * 64),
        to_vip(a.ip(options=[IPOption_LSRR(routers=["10.0.0.1"])]), TCP(sport=1, dport=80, flags="S")),
        Ether(src=ROUTER, dst=BOX0) / a.ip() / GRE() / Raw(b"tunnel"),
        Ether(src=ROUTER, dst=BOX0) / IP(src=a.address, dst="203.0.113.1") / TCP(sport=3, dport=80, flags="S"),
        Ether(src=ROUTER, dst=BOX0) / IP(src="127.0.0.1", dst=VIP) / TCP(sport=4, dport=80, flags="S"),
        a.tcp("S", 1, port=81),
        Client("198.51.100.10", 4).tcp("A", 1, 1),
        from_backend(s1, "198.51.100.99", TCP(sport=8080, dport=5, flags="A")),
        None,  # in whose place a packet expires, and its sender is told
        to_vip(a.ip(), ICMP(type=13)),
        Ether(src=ROUTER, dst="ff:ff:ff:ff:ff:ff") / ARP(op=1, hwsrc=ROUTER, psrc="192.0.2.1", pdst="192.0.2.77"),
        Ether(src=ROUTER, dst="ff:ff:ff:ff:ff:ff") / ARP(op=1, hwsrc=ROUTER, psrc=VIP, pdst=VIP),
        Ether(src=ROUTER, dst=BOX0) / Dot1Q(vlan=5) / c.ip() / TCP(sport=c.port, dport=80, flags="A"),
    ):
        if packet is None:
            event(late, expired, time_exceeded)
        else:
            event(late, packet)
        late += 1000

    # three hours later the third connection has timed out, and starts again
    later = 3 * 3600 * SECOND
    event(later, c.tcp("PA", 301, 3001, request))
    there(later + 10, c.tcp("S", 900), s2)
    return events


def dsr():
    s1, s2 = "192.0.2.21", "192.0.2.22"
    a, b = Client("198.51.100.7", 40001), Client("198.51.100.8", 40002)
    events = []

    def there(time_us, packet, backend):
        out = packet.copy()
        out.src, out.dst = BOX0, next_hop(backend)
        events.append((START + time_us, packet, out))

    there(0, a.tcp("S", 100), s1)
    there(0, b.tcp("S", 200), s2)
    # the backend answers the client itself: a mirrored port shows it, it is not for us
    answer = from_backend(VIP, a.address, TCP(sport=80, dport=a.port, flags="SA", seq=1, ack=101), mac=ROUTER)
    events.append((START + 300, answer, None))
    there(600, a.tcp("A", 101, 2), s1)
    there(700, b.tcp("A", 201, 2), s2)
    there(800, a.tcp("PA", 101, 2, b"GET /"), s1)
    tagged = b.tcp("PA", 201, 2, b"GET /")
    tagged = Ether(src=tagged.src, dst=tagged.dst) / Dot1Q(vlan=9) / tagged[IP]
    there(900, tagged, s2)
    there(1000, a.tcp("FA", 106, 9), s1)
    return events


def write(name, packets):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name), "wb") as file:
        writer = RawPcapWriter(file, linktype=1, nano=True, endianness="<", snaplen=65535)
        writer.write_header(None)
        for time_us, packet in packets:
            writer.write_packet(bytes(packet), sec=time_us // SECOND, usec=time_us % SECOND * 1000)
        writer.flush()


for name, events in (("nat", nat()), ("dsr", dsr())):
    write(name + ".in.pcap", [(time, packet) for time, packet, _ in events])
    write(name + ".out.pcap", [(time, out) for time, _, out in events if out is not None])
