package io.naru.dataplane.packet;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** The fast sums and updates against the slow ones of {@link TestFrames}. */
class InternetChecksumTest {
    private static final int ROUNDS = 20_000;

    @Test
    void shouldSumTheExampleOfRfc1071() {
        // RFC 1071 §3: the words 0001 f203 f4f5 f6f7 have the sum ddf2, so the checksum 220d.
        try (NativeMemory memory = new NativeMemory(8)) {
            put(memory.address(), TestFrames.hex("0001 f203 f4f5 f6f7"));

            assertEquals(
                    net(0xddf2), InternetChecksum.fold(InternetChecksum.sum(memory.address(), 8)));
            assertEquals(net(0x220d), InternetChecksum.checksumNet(memory.address(), 8));
        }
    }

    @Test
    void shouldUpdateTheExampleOfRfc1624() {
        // RFC 1624 §4: checksum dd2f, a field goes from 5555 to 3285; eqn 2 would give ffff.
        final int delta = InternetChecksum.delta16(net(0x5555), net(0x3285));

        assertEquals(net(0x0000), InternetChecksum.update(net(0xdd2f), delta));
    }

    @Test
    void shouldSumAnyLengthAsTheSlowTwinDoes() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        try (NativeMemory memory = new NativeMemory(2048)) {
            for (int round = 0; round < ROUNDS; round++) {
                final byte[] bytes = new byte[1 + random.nextInt(round < 1000 ? 1500 : 64)];
                random.nextBytes(bytes);
                final long address = memory.address() + random.nextInt(8);
                put(address, bytes);

                assertEquals(
                        net(~TestFrames.sum(bytes, 0, bytes.length, 0)),
                        InternetChecksum.checksumNet(address, bytes.length),
                        () -> "length " + bytes.length + ", seed " + seed);
            }
        }
    }

    @Test
    void shouldReadNothingBehindTheEnd() {
        for (int length = 1; length <= 16; length++) {
            try (NativeMemory memory = new NativeMemory(length)) {
                assertEquals(0xffff, InternetChecksum.checksumNet(memory.address(), length));
            }
        }
    }

    @Test
    void shouldSumTransportHeadersWithThePseudoHeader() {
        final byte[] data = {1, 2, 3};
        for (final byte[] frame :
                new byte[][] {
                    TestFrames.tcp("192.0.2.1", 1234, "198.51.100.1", 80, 0x18, data),
                    TestFrames.udp("192.0.2.1", 1234, "198.51.100.1", 53, data)
                }) {
            try (NativeMemory memory = new NativeMemory(frame.length)) {
                put(memory.address(), frame);

                assertEquals(0, InternetChecksum.checksumNet(memory.address() + 14, 20));
                assertEquals(
                        0,
                        InternetChecksum.transportChecksumNet(
                                memory.address() + 14, memory.address() + 34, frame.length - 34));
            }
        }
    }

    @Test
    void shouldUpdateAndUndoLikeAFullRecomputation() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
            final boolean isTcp = random.nextBoolean();
            final String[] ips = {ip(random), ip(random), ip(random)};
            final int[] ports = {
                random.nextInt(65536), random.nextInt(65536), random.nextInt(65536)
            };
            final byte[] data = new byte[random.nextInt(4)];
            random.nextBytes(data);
            final byte[] before = frame(isTcp, ips[0], ports[0], ips[1], ports[1], data);
            final byte[] after = frame(isTcp, ips[0], ports[0], ips[2], ports[2], data);
            final int protocol = isTcp ? TestFrames.TCP : TestFrames.UDP;
            final int checksumAt = 34 + TransportHeader.checksumOffset(protocol);

            final int ipDelta =
                    InternetChecksum.delta(TestFrames.ipNet(ips[1]), TestFrames.ipNet(ips[2]));
            final int l4Delta =
                    InternetChecksum.combine(
                            ipDelta, InternetChecksum.delta16(net(ports[1]), net(ports[2])));
            final String message = "round " + round + ", seed " + seed;

            assertEquals(
                    checksum(after, 24),
                    InternetChecksum.update(checksum(before, 24), ipDelta),
                    message);
            assertSame(
                    checksum(after, checksumAt),
                    InternetChecksum.updateTransport(
                            checksum(before, checksumAt), l4Delta, protocol),
                    isTcp,
                    message);
            assertSame(
                    checksum(before, checksumAt),
                    InternetChecksum.updateTransport(
                            checksum(after, checksumAt),
                            InternetChecksum.inverse(l4Delta),
                            protocol),
                    isTcp,
                    message);
        }
    }

    @Test
    void shouldLeaveAUdpChecksumOfZeroAlone() {
        for (int delta = 0; delta <= 0xffff; delta++) {
            assertEquals(0, InternetChecksum.updateTransport(0, delta, TestFrames.UDP));
        }
    }

    @Test
    void shouldNeverMakeAUdpChecksumZero() {
        final int delta = 0x1234;
        final int becomesZero = InternetChecksum.update(0, InternetChecksum.inverse(delta));

        assertEquals(0, InternetChecksum.update(becomesZero, delta));
        assertEquals(0xffff, InternetChecksum.updateTransport(becomesZero, delta, TestFrames.UDP));
        assertEquals(0, InternetChecksum.updateTransport(becomesZero, delta, TestFrames.TCP));
    }

    @Test
    void shouldUpdateEveryChecksumByEveryDeltaModulo0xffff() {
        for (int checksum = 0; checksum <= 0xffff; checksum += 5) {
            for (int delta = 0; delta <= 0xffff; delta += 251) {
                final int updated = InternetChecksum.update(checksum, delta);

                assertEquals(((0xffff - checksum) + delta) % 0xffff, (0xffff - updated) % 0xffff);
            }
        }
    }

    @Test
    void shouldKnowWhereTheChecksumIsWithoutABranch() {
        assertEquals(TcpHeader.CHECKSUM_OFFSET, TransportHeader.checksumOffset(TestFrames.TCP));
        assertEquals(UdpHeader.CHECKSUM_OFFSET, TransportHeader.checksumOffset(TestFrames.UDP));
    }

    /** TCP may say 0 or 0xffff for the same sum; a receiver takes either. */
    private static void assertSame(
            final int expected, final int actual, final boolean isTcp, final String message) {
        if (isTcp) {
            assertEquals(expected % 0xffff, actual % 0xffff, message);
        } else {
            assertEquals(expected, actual, message);
        }
    }

    private static byte[] frame(
            final boolean isTcp,
            final String source,
            final int sourcePort,
            final String destination,
            final int destinationPort,
            final byte[] data) {
        return isTcp
                ? TestFrames.tcp(source, sourcePort, destination, destinationPort, 0x10, data)
                : TestFrames.udp(source, sourcePort, destination, destinationPort, data);
    }

    private static String ip(final Random random) {
        return "%d.%d.%d.%d"
                .formatted(
                        random.nextInt(256),
                        random.nextInt(256),
                        random.nextInt(256),
                        random.nextInt(256));
    }

    private static int checksum(final byte[] frame, final int offset) {
        return (frame[offset] & 0xff) | ((frame[offset + 1] & 0xff) << 8);
    }

    private static int net(final int value) {
        return Short.reverseBytes((short) value) & 0xffff;
    }

    private static void put(final long address, final byte[] bytes) {
        for (int i = 0; i < bytes.length; i++) {
            RawMemory.putByte(address + i, bytes[i]);
        }
    }
}
