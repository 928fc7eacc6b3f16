package io.naru.dataplane.packet;

import static io.naru.dataplane.packet.TestFrames.hex;
import static io.naru.dataplane.packet.TestFrames.ip;
import static io.naru.dataplane.packet.TestFrames.tagged;
import static io.naru.dataplane.packet.TestFrames.with;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.port.PacketBurst;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The parser by fixtures, and by random frames against a slow parser over a byte array.
 *
 * <p>Each frame is announced to Bounds by itself and to the byte, so a read outside it throws.
 */
class PacketParserTest {
    private static final int FUZZ_FRAMES = 300_000;
    private static final int L3 = 14;
    private static final int L4 = 34;

    private static final byte[] DATA = {'p', 'i', 'n', 'g'};
    private static final byte[] TCP =
            TestFrames.tcp("192.0.2.1", 40000, "198.51.100.1", 80, 0x02, DATA);
    private static final byte[] UDP = TestFrames.udp("192.0.2.1", 5353, "198.51.100.1", 53, DATA);
    private static final byte[] ICMP = TestFrames.icmp("192.0.2.1", "198.51.100.1", 8, DATA);
    private static final byte[] ARP =
            TestFrames.ethernet(
                    0x0806,
                    hex("0001 0800 06 04 0001 020000000001 c0000201 000000000000 c6336401"));
    private static final String UDP_HEADER = "14e9 0035 000c 0000 01020304";
    private static final String TCP_HEADER = "9c40 0050 00000001 00000002 5012 ffff 0000 0000";
    private static final byte[] IPV6 = ipv6(17, UDP_HEADER);
    private static final byte[] TCP_6 = ipv6(6, TCP_HEADER);
    private static final byte[] PING_6 = ipv6(58, "8000 0000 00010002 01");
    private static final byte[] OPTIONS_6 =
            ipv6(0, "3c00 010400000000 11010104 00000000 0000000000000000" + UDP_HEADER);
    private static final byte[] FRAGMENT_6 = ipv6(44, "1100 0001 00000007" + UDP_HEADER);
    private static final byte[] ATOMIC_6 = ipv6(44, "0600 0000 00000007" + TCP_HEADER);
    private static final byte[] ROUTED_6 = ipv6(43, "1100 0400 00000000" + UDP_HEADER);
    private static final byte[] OPTIONS_4 =
            TestFrames.ethernet(
                    0x0800,
                    hex(
                            "47000028 12340000 40110000 c0000201 c6336401 94040000 01010100"
                                    + UDP_HEADER));

    private final NativeMemory memory = new NativeMemory(PacketBurst.CAPACITY * 2048L);
    private final PacketBurst burst = new PacketBurst();

    @AfterEach
    void tearDown() {
        memory.close();
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Fixture(String name, byte[] frame, int kind) {
        @Override
        public String toString() {
            return name + " -> " + PacketKind.name(kind);
        }
    }

    static List<Fixture> fixtures() {
        return List.of(
                new Fixture("TCP SYN over IPv4", TCP, PacketKind.TRANSPORT),
                new Fixture("UDP datagram over IPv4", UDP, PacketKind.TRANSPORT),
                new Fixture("TCP in a VLAN", tagged(7, TCP), PacketKind.TRANSPORT),
                new Fixture("UDP in a VLAN", tagged(4095, UDP), PacketKind.TRANSPORT),
                new Fixture("UDP of 42 bytes, as veth delivers it", udp(0), PacketKind.TRANSPORT),
                new Fixture("UDP padded to 60 bytes", padded(udp(0), 60), PacketKind.TRANSPORT),
                new Fixture("DSCP and ECN set", with(TCP, L3 + 1, "ff"), PacketKind.TRANSPORT),
                new Fixture("may be fragmented", with(UDP, L3 + 6, "0000"), PacketKind.TRANSPORT),
                new Fixture(
                        "UDP shorter than its IP packet",
                        with(UDP, L4 + 4, "0009"),
                        PacketKind.TRANSPORT),
                new Fixture(
                        "TCP header of all the segment",
                        with(TCP, L4 + 12, "60"),
                        PacketKind.TRANSPORT),
                new Fixture("ping", ICMP, PacketKind.ICMP),
                new Fixture("ping in a VLAN", tagged(7, ICMP), PacketKind.ICMP),
                new Fixture("ARP request", ARP, PacketKind.ARP),
                new Fixture("ARP request padded", padded(ARP, 60), PacketKind.ARP),
                new Fixture("ARP in a VLAN", tagged(7, ARP), PacketKind.ARP),
                new Fixture("UDP over IPv6", IPV6, PacketKind.TRANSPORT_6),
                new Fixture("UDP over IPv6 in a VLAN", tagged(7, IPV6), PacketKind.TRANSPORT_6),
                new Fixture("TCP over IPv6", TCP_6, PacketKind.TRANSPORT_6),
                new Fixture("ping over IPv6", PING_6, PacketKind.ICMP_6),
                new Fixture("extension headers", OPTIONS_6, PacketKind.TRANSPORT_6),
                new Fixture("IPv6 fragment", FRAGMENT_6, PacketKind.FRAGMENT_6),
                new Fixture("atomic fragment", ATOMIC_6, PacketKind.TRANSPORT_6),
                new Fixture("routing header that is done with", ROUTED_6, PacketKind.TRANSPORT_6),
                new Fixture(
                        "routing header that is not",
                        with(ROUTED_6, L3 + 43, "01"),
                        PacketKind.EXTENSION_HEADER),
                new Fixture(
                        "hop-by-hop options in the middle",
                        with(OPTIONS_6, L3 + 40, "00"),
                        PacketKind.EXTENSION_HEADER),
                new Fixture(
                        "nine extension headers",
                        ipv6(60, "3c00010400000000".repeat(9) + UDP_HEADER),
                        PacketKind.EXTENSION_HEADER),
                new Fixture(
                        "extension header beyond the packet",
                        with(OPTIONS_6, L3 + 41, "05"),
                        PacketKind.BAD_LENGTH),
                new Fixture("half a fragment header", ipv6(44, "11000001"), PacketKind.BAD_LENGTH),
                new Fixture("SCTP over IPv6", ipv6(132, "00"), PacketKind.UNSUPPORTED_PROTOCOL),
                new Fixture("no next header", ipv6(59, ""), PacketKind.UNSUPPORTED_PROTOCOL),
                new Fixture("no bytes at all", new byte[0], PacketKind.BAD_LENGTH),
                new Fixture("half an Ethernet header", cut(TCP, 7), PacketKind.BAD_LENGTH),
                new Fixture("only an Ethernet header", cut(TCP, 14), PacketKind.BAD_LENGTH),
                new Fixture("half a VLAN tag", cut(tagged(7, TCP), 16), PacketKind.BAD_LENGTH),
                new Fixture("half an IPv4 header", cut(TCP, 30), PacketKind.BAD_LENGTH),
                new Fixture("half a TCP header", cut(TCP, 44), PacketKind.BAD_LENGTH),
                new Fixture(
                        "IP length beyond the frame",
                        with(UDP, L3 + 2, "0021"),
                        PacketKind.BAD_LENGTH),
                new Fixture(
                        "IP length of the header only",
                        with(UDP, L3 + 2, "0014"),
                        PacketKind.BAD_LENGTH),
                new Fixture(
                        "IP length below the header",
                        with(UDP, L3 + 2, "0013"),
                        PacketKind.BAD_LENGTH),
                new Fixture("IP length of zero", with(TCP, L3 + 2, "0000"), PacketKind.BAD_LENGTH),
                new Fixture(
                        "IP length below a TCP header",
                        with(TCP, L3 + 2, "0027"),
                        PacketKind.BAD_LENGTH),
                new Fixture(
                        "IP length below a UDP header",
                        with(UDP, L3 + 2, "001b"),
                        PacketKind.BAD_LENGTH),
                new Fixture(
                        "TCP header beyond the segment",
                        with(TCP, L4 + 12, "70"),
                        PacketKind.BAD_LENGTH),
                new Fixture(
                        "UDP length beyond the packet",
                        with(UDP, L4 + 4, "000d"),
                        PacketKind.BAD_LENGTH),
                new Fixture(
                        "half an ICMP header", with(ICMP, L3 + 2, "001b"), PacketKind.BAD_LENGTH),
                new Fixture("half an ARP message", cut(ARP, 41), PacketKind.BAD_LENGTH),
                new Fixture("half an IPv6 header", cut(IPV6, 53), PacketKind.BAD_LENGTH),
                new Fixture(
                        "IPv6 payload beyond the frame",
                        with(IPV6, L3 + 4, "0005"),
                        PacketKind.BAD_LENGTH),
                new Fixture("IP version 5", with(TCP, L3, "55"), PacketKind.BAD_HEADER),
                new Fixture("IP header of 16 bytes", with(TCP, L3, "44"), PacketKind.BAD_HEADER),
                new Fixture(
                        "TCP header of 16 bytes", with(TCP, L4 + 12, "40"), PacketKind.BAD_HEADER),
                new Fixture(
                        "UDP length of seven", with(UDP, L4 + 4, "0007"), PacketKind.BAD_HEADER),
                new Fixture("ARP for token ring", with(ARP, L3, "0006"), PacketKind.BAD_HEADER),
                new Fixture(
                        "ARP with 8-byte addresses",
                        with(ARP, L3 + 4, "08"),
                        PacketKind.BAD_HEADER),
                new Fixture("IPv6 with version 4", with(IPV6, L3, "40"), PacketKind.BAD_HEADER),
                new Fixture("first fragment", with(UDP, L3 + 6, "2000"), PacketKind.FRAGMENT),
                new Fixture("middle fragment", with(TCP, L3 + 6, "2010"), PacketKind.FRAGMENT),
                new Fixture("last fragment", with(TCP, L3 + 6, "0010"), PacketKind.FRAGMENT),
                new Fixture("fragment of ping", with(ICMP, L3 + 6, "2000"), PacketKind.FRAGMENT),
                new Fixture("IP options", OPTIONS_4, PacketKind.TRANSPORT_WITH_OPTIONS),
                new Fixture(
                        "loose source route",
                        with(OPTIONS_4, L3 + 20, "83"),
                        PacketKind.IP_OPTIONS),
                new Fixture(
                        "strict source route",
                        with(OPTIONS_4, L3 + 20, "89"),
                        PacketKind.IP_OPTIONS),
                new Fixture(
                        "IP option of length 1",
                        with(OPTIONS_4, L3 + 21, "01"),
                        PacketKind.IP_OPTIONS),
                new Fixture(
                        "IP option beyond the header",
                        with(OPTIONS_4, L3 + 21, "09"),
                        PacketKind.IP_OPTIONS),
                new Fixture(
                        "end of options, then anything",
                        with(OPTIONS_4, L3 + 20, "00"),
                        PacketKind.TRANSPORT_WITH_OPTIONS),
                new Fixture("GRE", with(TCP, L3 + 9, "2f"), PacketKind.UNSUPPORTED_PROTOCOL),
                new Fixture(
                        "protocol 70, which is 6 modulo 64",
                        with(TCP, L3 + 9, "46"),
                        PacketKind.UNSUPPORTED_PROTOCOL),
                new Fixture(
                        "protocol 81, which is 17 modulo 64",
                        with(TCP, L3 + 9, "51"),
                        PacketKind.UNSUPPORTED_PROTOCOL),
                new Fixture(
                        "protocol 134, which is 6 modulo 128",
                        with(TCP, L3 + 9, "86"),
                        PacketKind.UNSUPPORTED_PROTOCOL),
                new Fixture("LLDP", with(TCP, 12, "88cc"), PacketKind.UNSUPPORTED_ETHER_TYPE),
                new Fixture(
                        "two VLAN tags",
                        tagged(1, tagged(2, TCP)),
                        PacketKind.UNSUPPORTED_ETHER_TYPE),
                new Fixture(
                        "802.3 length instead of a type",
                        with(TCP, 12, "0100"),
                        PacketKind.UNSUPPORTED_ETHER_TYPE));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("fixtures")
    void shouldSay(final Fixture fixture) {
        parse(fixture.frame);

        assertEquals(PacketKind.name(fixture.kind), PacketKind.name(burst.kind[0]));
        assertAsReference(fixture.frame, 0, fixture.name);
    }

    @Test
    void shouldFillWhatLaterStagesRead() {
        parse(TCP);

        assertEquals(14, burst.l3Offset[0]);
        assertEquals(34, burst.l4Offset[0]);
        assertEquals(6, burst.protocol[0]);
        assertEquals(TcpHeader.SYN, burst.tcpFlags[0]);
        assertEquals(TestFrames.ipNet("192.0.2.1"), (int) burst.keyA[0]);
        assertEquals(TestFrames.ipNet("198.51.100.1"), (int) (burst.keyA[0] >>> 32));
        assertEquals(TestFrames.portNet(40000), burst.keyB[0] & 0xffff);
        assertEquals(TestFrames.portNet(80), burst.keyB[0] >>> 16 & 0xffff);
        assertEquals(6, burst.keyB[0] >>> 32);
    }

    @Test
    void shouldParseAllOfABurstAndNothingBehindIt() {
        burst.count = PacketBurst.CAPACITY - 1;
        Arrays.fill(burst.kind, -1);
        for (int i = 0; i < burst.count; i++) {
            place(i, i % 3 == 0 ? UDP : i % 3 == 1 ? tagged(3, TCP) : ARP);
        }

        PacketParser.parse(burst);

        for (int i = 0; i < burst.count; i++) {
            assertEquals(i % 3 == 2 ? PacketKind.ARP : PacketKind.TRANSPORT, burst.kind[i]);
            assertEquals(i % 3 == 1 ? 18 : 14, burst.l3Offset[i]);
        }
        assertEquals(-1, burst.kind[PacketBurst.CAPACITY - 1]);
    }

    @Test
    void shouldNotLeaveAnotherPacketsValuesBehind() {
        parse(TCP);
        parse(with(TCP, 12, "88cc"));

        assertEquals(0, burst.keyA[0]);
        assertEquals(0, burst.keyB[0]);
        assertEquals(0, burst.protocol[0]);
        assertEquals(0, burst.tcpFlags[0]);
        assertEquals(0, burst.payloadLength[0]);
        assertEquals(0, burst.l4Offset[0]);
    }

    @Test
    void shouldTellUseFromRefusal() {
        for (int kind = 0; kind < PacketKind.COUNT; kind++) {
            assertEquals(kind >= PacketKind.BAD_LENGTH, PacketKind.isRefused(kind));
            assertFalse(PacketKind.name(kind).isBlank());
        }
    }

    @Test
    void shouldReadOnlyInsideTheFrameAndAgreeWithTheSlowParserOnAnything() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        final List<Fixture> fixtures = fixtures();
        final int[] seen = new int[PacketKind.COUNT];
        for (int i = 0; i < FUZZ_FRAMES; i++) {
            final byte[] frame =
                    mutated(fixtures.get(random.nextInt(fixtures.size())).frame, random);
            parse(frame);
            seen[burst.kind[0]]++;
            assertAsReference(frame, 0, "frame " + i + ", seed " + seed);
        }

        for (int kind = 0; kind < PacketKind.COUNT; kind++) {
            assertTrue(
                    seen[kind] > 100 || kind == PacketKind.BRIDGED,
                    PacketKind.name(kind) + " was seen " + seen[kind] + " times, seed " + seed);
        }
    }

    private static byte[] mutated(final byte[] original, final Random random) {
        byte[] frame = original.clone();
        if (random.nextInt(4) == 0) {
            frame = Arrays.copyOf(frame, random.nextInt(frame.length + 8));
        }
        if (random.nextInt(64) == 0) {
            random.nextBytes(frame);
        }

        for (int changes = random.nextInt(4); changes > 0 && frame.length > 0; changes--) {
            final int offset = random.nextInt(Math.min(frame.length, 60));
            frame[offset] =
                    switch (random.nextInt(3)) {
                        case 0 -> (byte) random.nextInt();
                        case 1 -> (byte) (frame[offset] ^ 1 << random.nextInt(8));
                        default -> (byte) (frame[offset] + random.nextInt(3) - 1);
                    };
        }

        return frame;
    }

    private void parse(final byte[] frame) {
        burst.count = 1;
        Bounds.remove(memory.address());
        final long address = memory.address() + 256;
        Bounds.add(address, frame.length);
        try {
            place(0, address, frame);
            PacketParser.parse(burst);
        } finally {
            Bounds.remove(address);
            Bounds.add(memory.address(), memory.length());
        }
    }

    private void place(final int i, final byte[] frame) {
        place(i, memory.address() + i * 2048L, frame);
    }

    private void place(final int i, final long address, final byte[] frame) {
        for (int j = 0; j < frame.length; j++) {
            RawMemory.putByte(address + j, frame[j]);
        }
        burst.address[i] = address;
        burst.length[i] = frame.length;
    }

    /** The slow twin: one question after the other over a big-endian buffer. */
    private void assertAsReference(final byte[] frame, final int i, final String message) {
        final Reference reference = new Reference(frame);
        assertEquals(PacketKind.name(reference.kind), PacketKind.name(burst.kind[i]), message);
        if (reference.kind < PacketKind.BAD_LENGTH) {
            assertEquals(reference.l3, burst.l3Offset[i], message);
        }
        if (reference.kind <= PacketKind.ICMP_6) {
            assertEquals(reference.l4, burst.l4Offset[i], message);
            assertEquals(reference.protocol, burst.protocol[i], message);
        }
        if (reference.kind <= PacketKind.TRANSPORT_6) {
            final ByteBuffer buffer = ByteBuffer.wrap(frame);
            final boolean isTcp = reference.protocol == 6;
            final boolean isIpv6 = reference.kind == PacketKind.TRANSPORT_6;
            assertEquals(isTcp ? frame[reference.l4 + 13] & 0xff : 0, burst.tcpFlags[i], message);
            final int header = isTcp ? (frame[reference.l4 + 12] & 0xff) / 16 * 4 : 8;
            final int payload = reference.end(isIpv6) - reference.l4 - header;
            assertEquals(payload, burst.payloadLength[i], message);
            assertEquals(
                    isIpv6 ? 0 : Long.reverseBytes(buffer.getLong(reference.l3 + 12)),
                    burst.keyA[i],
                    message);
            assertEquals(
                    Integer.reverseBytes(buffer.getInt(reference.l4)),
                    (int) burst.keyB[i],
                    message);
            assertEquals(reference.protocol | (isIpv6 ? 0x80 : 0), burst.keyB[i] >>> 32, message);
        } else {
            assertEquals(0, burst.keyA[i] | burst.keyB[i] | burst.tcpFlags[i], message);
            assertEquals(0, burst.payloadLength[i], message);
        }
    }

    private static final class Reference {
        private final ByteBuffer buffer;
        private final int kind;
        private int l3;
        private int l4;
        private int protocol;

        Reference(final byte[] frame) {
            buffer = ByteBuffer.wrap(frame);
            kind = kind();
        }

        /** Where the IP packet ends. */
        int end(final boolean isIpv6) {
            return isIpv6 ? l3 + 40 + u16(l3 + 4) : l3 + u16(l3 + 2);
        }

        private int kind() {
            if (buffer.limit() < 14) {
                return PacketKind.BAD_LENGTH;
            }
            int etherType = u16(12);
            l3 = 14;
            if (etherType == 0x8100) {
                if (buffer.limit() < 18) {
                    return PacketKind.BAD_LENGTH;
                }
                etherType = u16(16);
                l3 = 18;
            }
            final int length = buffer.limit() - l3;
            if (etherType == 0x0806) {
                if (length < 28) {
                    return PacketKind.BAD_LENGTH;
                }
                return u16(l3) == 1 && u16(l3 + 2) == 0x0800 && u16(l3 + 4) == 0x0604
                        ? PacketKind.ARP
                        : PacketKind.BAD_HEADER;
            }
            if (etherType == 0x86dd) {
                if (length < 40) {
                    return PacketKind.BAD_LENGTH;
                }
                if (u8(l3) / 16 != 6) {
                    return PacketKind.BAD_HEADER;
                }
                return 40 + u16(l3 + 4) > length
                        ? PacketKind.BAD_LENGTH
                        : ipv6(l3 + 40 + u16(l3 + 4));
            }
            return etherType == 0x0800 ? ipv4(length) : PacketKind.UNSUPPORTED_ETHER_TYPE;
        }

        private int ipv6(final int end) {
            int next = u8(l3 + 6);
            int header = l3 + 40;
            int headers = 0;
            while (next == 0 || next == 43 || next == 60 || next == 44) {
                if (headers++ == 9) {
                    return PacketKind.EXTENSION_HEADER;
                }
                if (header + 8 > end) {
                    return PacketKind.BAD_LENGTH;
                }
                if (next == 44) {
                    if ((u16(header + 2) & 0xfff9) != 0) {
                        l4 = header;
                        return PacketKind.FRAGMENT_6;
                    }
                } else if (header + 8 + 8 * u8(header + 1) > end) {
                    return PacketKind.BAD_LENGTH;
                } else if ((next == 43 && u8(header + 3) > 0) || (next == 0 && headers > 1)) {
                    return PacketKind.EXTENSION_HEADER;
                }
                final int length = next == 44 ? 8 : 8 + 8 * u8(header + 1);
                next = u8(header);
                header += length;
            }
            if (headers == 9) {
                return PacketKind.EXTENSION_HEADER;
            }
            l4 = header;
            protocol = next;
            final int left = end - header;
            return switch (next) {
                case 58 -> left < 8 ? PacketKind.BAD_LENGTH : PacketKind.ICMP_6;
                case 6 -> as6(l4(left, 20, left < 20 ? 0 : u8(l4 + 12) / 16 * 4));
                case 17 -> as6(l4(left, 8, left < 8 ? 0 : u16(l4 + 4)));
                default -> PacketKind.UNSUPPORTED_PROTOCOL;
            };
        }

        private static int as6(final int kind) {
            return kind == PacketKind.TRANSPORT ? PacketKind.TRANSPORT_6 : kind;
        }

        private boolean hasHarmlessOptions(final int end) {
            for (int at = l3 + 20; at < end && u8(at) != 0; ) {
                if (u8(at) == 1) {
                    at++;
                    continue;
                }
                final int length = at + 1 < end ? u8(at + 1) : 0;
                if (u8(at) == 131 || u8(at) == 137 || length < 2 || at + length > end) {
                    return false;
                }
                at += length;
            }
            return true;
        }

        private int ipv4(final int length) {
            if (length < 20) {
                return PacketKind.BAD_LENGTH;
            }
            final int headerLength = u8(l3) % 16 * 4;
            final int totalLength = u16(l3 + 2);
            if (u8(l3) / 16 != 4 || headerLength < 20) {
                return PacketKind.BAD_HEADER;
            }
            if (totalLength > length || totalLength < headerLength) {
                return PacketKind.BAD_LENGTH;
            }
            if (!hasHarmlessOptions(l3 + headerLength)) {
                return PacketKind.IP_OPTIONS;
            }
            if (u16(l3 + 6) % 0x4000 != 0) {
                return PacketKind.FRAGMENT;
            }
            l4 = l3 + headerLength;
            protocol = u8(l3 + 9);
            final int l4Length = totalLength - headerLength;
            final int kind =
                    switch (protocol) {
                        case 1 -> l4Length < 8 ? PacketKind.BAD_LENGTH : PacketKind.ICMP;
                        case 6 -> l4(l4Length, 20, l4Length < 20 ? 0 : u8(l4 + 12) / 16 * 4);
                        case 17 -> l4(l4Length, 8, l4Length < 8 ? 0 : u16(l4 + 4));
                        default -> PacketKind.UNSUPPORTED_PROTOCOL;
                    };
            return kind == PacketKind.TRANSPORT && headerLength > 20
                    ? PacketKind.TRANSPORT_WITH_OPTIONS
                    : kind;
        }

        private static int l4(final int available, final int minimum, final int stated) {
            if (available < minimum) {
                return PacketKind.BAD_LENGTH;
            }
            if (stated < minimum) {
                return PacketKind.BAD_HEADER;
            }
            return stated > available ? PacketKind.BAD_LENGTH : PacketKind.TRANSPORT;
        }

        private int u8(final int offset) {
            return buffer.get(offset) & 0xff;
        }

        private int u16(final int offset) {
            return buffer.getShort(offset) & 0xffff;
        }
    }

    private static byte[] ipv6(final int nextHeader, final String payload) {
        final byte[] bytes = hex(payload);
        return TestFrames.ethernet(
                0x86dd,
                hex(
                        "60000000 %04x %02x 40".formatted(bytes.length, nextHeader)
                                + " 20010db8000000000000000000000001"
                                + " 20010db8000000000000000000000002"
                                + payload));
    }

    private static byte[] udp(final int dataLength) {
        return TestFrames.udp("192.0.2.1", 5353, "198.51.100.1", 53, new byte[dataLength]);
    }

    private static byte[] padded(final byte[] frame, final int length) {
        return Arrays.copyOf(frame, length);
    }

    private static byte[] cut(final byte[] frame, final int length) {
        return Arrays.copyOf(frame, length);
    }

    @Test
    void shouldReadHeadersWhereTheyAre() {
        try (NativeMemory frame = new NativeMemory(128)) {
            final long address = frame.address();
            place(0, address, tagged(0x2abc, TCP));
            assertEquals(0x0200_0000_0002L, mac(EthernetHeader.destinationMacNet(address)));
            assertEquals(0x0200_0000_0001L, mac(EthernetHeader.sourceMacNet(address)));
            assertEquals(EthernetHeader.ETHER_TYPE_VLAN_NET, EthernetHeader.etherTypeNet(address));
            assertEquals(EthernetHeader.ETHER_TYPE_IPV4_NET, VlanHeader.etherTypeNet(address));
            assertEquals(0xabc, VlanHeader.vlanId(address));

            final long l3 = address + 18;
            assertEquals(0x45, Ipv4Header.versionAndIhl(l3));
            assertEquals(20, Ipv4Header.headerLength(l3));
            assertEquals(44, Ipv4Header.totalLength(l3));
            assertEquals(64, Ipv4Header.ttl(l3));
            assertEquals(6, Ipv4Header.protocol(l3));
            assertEquals(0, InternetChecksum.checksumNet(l3, 20));
            assertEquals(ip("192.0.2.1"), Integer.reverseBytes(Ipv4Header.sourceNet(l3)));
            assertEquals(ip("198.51.100.1"), Integer.reverseBytes(Ipv4Header.destinationNet(l3)));

            final long l4 = l3 + 20;
            assertEquals(20, TcpHeader.headerLength(l4));
            assertEquals(TcpHeader.SYN, TcpHeader.flags(l4));

            EthernetHeader.putMacsNet(address, 0x8040_ffee_ddcc_bbaaL, 0x8001_0605_0403_0201L);
            assertEquals(0xaabb_ccdd_eeffL, mac(EthernetHeader.destinationMacNet(address)));
            assertEquals(0x0102_0304_0506L, mac(EthernetHeader.sourceMacNet(address)));
            assertEquals(EthernetHeader.ETHER_TYPE_VLAN_NET, EthernetHeader.etherTypeNet(address));

            place(0, address, ARP);
            final long arp = address + 14;
            assertEquals(ArpHeader.OPERATION_REQUEST_NET, ArpHeader.operationNet(arp));
            assertEquals(0x0200_0000_0001L, mac(ArpHeader.senderMacNet(arp)));
            assertEquals(ip("192.0.2.1"), Integer.reverseBytes(ArpHeader.senderIpNet(arp)));
            assertEquals(ip("198.51.100.1"), Integer.reverseBytes(ArpHeader.targetIpNet(arp)));
        }
    }

    private static long mac(final long macNet) {
        return Long.reverseBytes(macNet) >>> 16;
    }
}
