package io.naru.dataplane.pipeline;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Builds frames for tests out of words and numbers: bytes one by one, whole checksums, nothing
 * shared with the code under test.
 *
 * <p>An endpoint is {@code 198.51.100.7:4321} or {@code [2001:db8::7]:4321}, and makes the packet
 * one of IPv4 or of IPv6; what a family does not have is ignored.
 */
public final class Frame {
    public static final int FIN = 1;
    public static final int SYN = 2;
    public static final int RST = 4;
    public static final int PSH = 8;
    public static final int ACK = 16;

    private String toMac = "02:00:00:00:00:01";
    private String fromMac = "02:00:00:00:00:99";
    private int vlan = -1;
    private int etherType = 0x0800;
    private int versionAndIhl = 0x45;
    private int dscp;
    private int identification = 0x1234;
    private int fragment = 0x4000; // don't fragment
    private int ttl = 64;
    private int protocol;
    private String from = "";
    private String to = "";
    private int sequence = 1000;
    private int acknowledgment = 2000;
    private int flags;
    private int window = 0xfaf0;
    private int icmpType = -1;
    private int icmpCode;
    private int icmpRest = 0x4e61_0007;
    private boolean udpChecksum = true;
    private int badIpChecksum;
    private int badL4Checksum;
    private int totalLengthExtra;
    private byte[] options = {};
    private byte[] tcpOptions = {};
    private byte[] extensions = {};
    private int firstExtension;
    private int lastExtension;
    private int flowLabel;
    private byte[] payload = {};
    private boolean padded = true;

    private Frame() {}

    /**
     * @param from {@code 198.51.100.7:4321} or {@code [2001:db8::7]:4321}.
     */
    public static Frame tcp(final String from, final String to, final int flags) {
        final Frame frame = new Frame();
        frame.protocol = 6;
        frame.from = from;
        frame.to = to;
        frame.flags = flags;
        return frame;
    }

    public static Frame udp(final String from, final String to) {
        final Frame frame = new Frame();
        frame.protocol = 17;
        frame.from = from;
        frame.to = to;
        return frame;
    }

    /** An echo request (type 8) or any other ICMP. */
    public static Frame icmp(final String from, final String to, final int type) {
        final Frame frame = new Frame();
        frame.protocol = 1;
        frame.from = from;
        frame.to = to;
        frame.icmpType = type;
        return frame;
    }

    /** An echo request (type 128) or any other ICMPv6; the endpoints' ports are ignored. */
    public static Frame icmp6(final String from, final String to, final int type) {
        final Frame frame = icmp(from, to, type);
        frame.protocol = 58;
        return frame;
    }

    /** ARP; {@code operation} 1 asks, 2 answers. The macs are those of the Ethernet header. */
    public static byte[] arp(
            final int operation,
            final String toMac,
            final String senderMac,
            final String senderIp,
            final String targetMac,
            final String targetIp) {
        final ByteBuffer out = ByteBuffer.allocate(60);
        out.put(mac(toMac)).put(mac(senderMac)).putShort((short) 0x0806);
        out.putShort((short) 1).putShort((short) 0x0800).put((byte) 6).put((byte) 4);
        out.putShort((short) operation).put(mac(senderMac)).put(ip(senderIp));
        out.put(mac(targetMac)).put(ip(targetIp));
        return out.array();
    }

    public Frame macs(final String fromMac, final String toMac) {
        this.fromMac = fromMac;
        this.toMac = toMac;
        return this;
    }

    public Frame endpoints(final String from, final String to) {
        this.from = from;
        this.to = to;
        return this;
    }

    /** Sent to somebody else. */
    public Frame to(final String to) {
        this.to = to;
        return this;
    }

    public Frame vlan(final int id) {
        vlan = id;
        return this;
    }

    public Frame etherType(final int value) {
        etherType = value;
        return this;
    }

    public Frame versionAndIhl(final int value) {
        versionAndIhl = value;
        return this;
    }

    public Frame dscp(final int value) {
        dscp = value;
        return this;
    }

    public Frame ttl(final int value) {
        ttl = value;
        return this;
    }

    public Frame protocol(final int value) {
        protocol = value;
        return this;
    }

    public Frame identification(final int value) {
        identification = value;
        return this;
    }

    /** Flags and offset of the fragment, as one number. */
    public Frame fragment(final int value) {
        fragment = value;
        return this;
    }

    public Frame options(final byte[] bytes) {
        options = bytes.clone();
        versionAndIhl = 0x45 + options.length / 4;
        return this;
    }

    /** A multiple of four bytes. */
    public Frame tcpOptions(final byte[] bytes) {
        tcpOptions = bytes.clone();
        return this;
    }

    public Frame flags(final int value) {
        flags = value;
        return this;
    }

    public Frame payload(final byte[] bytes) {
        payload = bytes.clone();
        return this;
    }

    public Frame payload(final int length) {
        payload = new byte[length];
        for (int i = 0; i < length; i++) {
            payload[i] = (byte) (i * 31 + length);
        }
        return this;
    }

    public Frame numbers(final int sequence, final int acknowledgment) {
        this.sequence = sequence;
        this.acknowledgment = acknowledgment;
        return this;
    }

    /** Of ICMP: the code and the four bytes behind the checksum. */
    public Frame code(final int code, final int rest) {
        icmpCode = code;
        icmpRest = rest;
        return this;
    }

    public Frame window(final int value) {
        window = value;
        return this;
    }

    public Frame withoutUdpChecksum() {
        udpChecksum = false;
        return this;
    }

    /** The IPv4 checksum is wrong by this much. */
    public Frame badIpChecksum(final int by) {
        badIpChecksum = by;
        return this;
    }

    public Frame badL4Checksum(final int by) {
        badL4Checksum = by;
        return this;
    }

    /** The total length says more than there is. */
    public Frame totalLengthExtra(final int value) {
        totalLengthExtra = value;
        return this;
    }

    /** Without the padding to Ethernet's 60 bytes. */
    public Frame unpadded() {
        padded = false;
        return this;
    }

    /**
     * An extension header of IPv6 behind the fixed one, in front of those that are there already.
     *
     * @param number its own number, such as 60 for destination options.
     * @param header a multiple of 8 bytes; the first of them is set here.
     */
    public Frame extension(final int number, final byte[] header) {
        final byte[] own = header.clone();
        own[0] = (byte) (extensions.length == 0 ? -1 : firstExtension);
        final byte[] all = Arrays.copyOf(own, own.length + extensions.length);
        System.arraycopy(extensions, 0, all, own.length, extensions.length);
        if (extensions.length == 0) {
            lastExtension = 0;
        } else {
            lastExtension += own.length;
        }
        extensions = all;
        firstExtension = number;
        return this;
    }

    /** The flow label of IPv6. */
    public Frame flowLabel(final int value) {
        flowLabel = value;
        return this;
    }

    public byte[] bytes() {
        return isIpv6(from) ? bytes6() : bytes4();
    }

    private byte[] bytes6() {
        final byte[] l4 = l4();
        final byte[] headers = extensions.clone();
        int next = protocol;
        if (headers.length > 0) {
            headers[lastExtension] = (byte) protocol;
            next = firstExtension;
        }
        final ByteBuffer ip = ByteBuffer.allocate(40 + headers.length + l4.length);
        ip.putInt(6 << 28 | dscp << 20 | flowLabel);
        ip.putShort((short) (headers.length + l4.length + totalLengthExtra));
        ip.put((byte) next).put((byte) ttl).put(ip(from)).put(ip(to)).put(headers).put(l4);
        return framed(etherType == 0x0800 ? 0x86dd : etherType, ip.array());
    }

    private byte[] bytes4() {
        final byte[] l4 = l4();
        final ByteBuffer ip = ByteBuffer.allocate(20 + options.length + l4.length);
        ip.put((byte) versionAndIhl).put((byte) dscp);
        ip.putShort((short) (ip.capacity() + totalLengthExtra));
        ip.putShort((short) identification).putShort((short) fragment);
        ip.put((byte) ttl).put((byte) protocol).putShort((short) 0);
        ip.put(ip(from)).put(ip(to)).put(options);
        ip.putShort(10, (short) (Checksums.of(ip.array(), 0, 20 + options.length) + badIpChecksum));
        ip.put(l4);
        return framed(etherType, ip.array());
    }

    private byte[] framed(final int type, final byte[] packet) {
        final int ethernet = vlan < 0 ? 14 : 18;
        final int length = ethernet + packet.length;
        final ByteBuffer out = ByteBuffer.allocate(padded ? Math.max(60, length) : length);
        out.put(mac(toMac)).put(mac(fromMac));
        if (vlan >= 0) {
            out.putShort((short) 0x8100).putShort((short) vlan);
        }
        out.putShort((short) type).put(packet);
        return out.array();
    }

    private byte[] l4() {
        if (icmpType >= 0) {
            final ByteBuffer icmp = ByteBuffer.allocate(8 + payload.length);
            icmp.put((byte) icmpType).put((byte) icmpCode).putShort((short) 0);
            icmp.putInt(icmpRest).put(payload);
            final int sum =
                    protocol == 58
                            ? Checksums.ofTransport(ip(from), ip(to), 58, icmp.array())
                            : Checksums.of(icmp.array(), 0, icmp.capacity());
            icmp.putShort(2, (short) (sum + badL4Checksum));
            return icmp.array();
        }

        if (protocol == 17) {
            final ByteBuffer udp = ByteBuffer.allocate(8 + payload.length);
            udp.putShort((short) port(from)).putShort((short) port(to));
            udp.putShort((short) udp.capacity()).putShort((short) 0).put(payload);
            if (udpChecksum) {
                final int sum = Checksums.ofTransport(ip(from), ip(to), 17, udp.array());
                udp.putShort(6, (short) ((sum == 0 ? 0xffff : sum) + badL4Checksum));
            }
            return udp.array();
        }

        final ByteBuffer tcp = ByteBuffer.allocate(20 + tcpOptions.length + payload.length);
        tcp.putShort((short) port(from)).putShort((short) port(to));
        tcp.putInt(sequence).putInt(acknowledgment);
        tcp.put((byte) (0x50 + tcpOptions.length * 4)).put((byte) flags).putShort((short) window);
        tcp.putShort((short) 0).putShort((short) 0).put(tcpOptions).put(payload);
        final int sum = Checksums.ofTransport(ip(from), ip(to), protocol, tcp.array());
        tcp.putShort(16, (short) (sum + badL4Checksum));
        return tcp.array();
    }

    /** Six bytes of {@code 02:00:00:00:00:01}. */
    public static byte[] mac(final String text) {
        final String[] octets = text.split(":");
        final byte[] mac = new byte[6];
        for (int i = 0; i < 6; i++) {
            mac[i] = (byte) Integer.parseInt(octets[i], 16);
        }
        return mac;
    }

    /** A MAC as it is loaded from a frame. */
    public static long macNet(final String text) {
        long mac = 0;
        final byte[] octets = mac(text);
        for (int i = 5; i >= 0; i--) {
            mac = mac << 8 | (octets[i] & 0xff);
        }
        return mac;
    }

    /** Four or sixteen bytes of {@code 192.0.2.1} or {@code [2001:db8::1]}, without the port. */
    public static byte[] ip(final String endpoint) {
        final int colon = endpoint.indexOf(':');
        final String address =
                isIpv6(endpoint)
                        ? endpoint.substring(1, endpoint.indexOf(']'))
                        : colon < 0 ? endpoint : endpoint.substring(0, colon);
        try {
            return InetAddress.getByName(address).getAddress();
        } catch (final UnknownHostException ex) {
            throw new IllegalArgumentException(endpoint, ex);
        }
    }

    private static boolean isIpv6(final String endpoint) {
        return endpoint.startsWith("[");
    }

    private static int port(final String endpoint) {
        return Integer.parseInt(endpoint.substring(endpoint.lastIndexOf(':') + 1));
    }

    /** The first {@code length} bytes. */
    public static byte[] cut(final byte[] frame, final int length) {
        return Arrays.copyOf(frame, length);
    }
}
