package io.naru.controlplane.health.way;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.naru.dataplane.flow.FlowEntry;
import io.naru.dataplane.forward.TunnelForwarder;
import io.naru.dataplane.neighbour.Hop;
import io.naru.dataplane.packet.Bounds;
import io.naru.dataplane.packet.EthernetHeader;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.OversizeRule;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.ServiceOptions;
import io.naru.dataplane.protocol.ServiceSpec;
import io.naru.dataplane.protocol.TunnelSpec;
import io.naru.dataplane.service.ForwardingTable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A check's packet looks to a backend as a client's does: the control plane's encapsulation and the
 * data plane's forwarder write the same bytes.
 */
class EncapsulationTest {
    private static final int ROUNDS = 5_000;
    private static final int HEADROOM = 256;
    private static final int CAPACITY = 2_048;
    private static final int LINK = 1;
    private static final IpAddress OWN4 = IpAddress.parse("10.2.0.254");
    private static final IpAddress OWN6 = IpAddress.parse("2001:db8::fe");

    private final UnsafeBuffer frame = direct();
    private final UnsafeBuffer packet = direct();
    private final UnsafeBuffer entry = direct();
    private final PacketBurst burst = new PacketBurst();

    @BeforeEach
    void announce() {
        Bounds.add(frame.addressOffset(), CAPACITY);
        Bounds.add(entry.addressOffset(), CAPACITY);
    }

    @AfterEach
    void takeBack() {
        Bounds.remove(entry.addressOffset());
        Bounds.remove(frame.addressOffset());
    }

    @Test
    void shouldWriteTheBytesThatTheDataPlaneWrites() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        for (int i = 0; i < ROUNDS; i++) {
            final Way way =
                    new Way(
                            random.nextBoolean() ? Mode.DSR_GRE : Mode.DSR_IPIP,
                            IpAddress.parse(random.nextBoolean() ? "192.0.2.20" : "2001:db8::20"),
                            IpAddress.parse(random.nextBoolean() ? "10.2.0.1" : "2001:db8::1"),
                            tunnel(random));
            final byte[] inner = inner(random, way.vip().isIpv4());
            final int spread = random.nextInt(1 << 24);

            final byte[] ours = ours(way, inner, spread);
            final byte[] theirs = theirs(way, inner, spread);

            assertArrayEquals(
                    theirs,
                    ours,
                    () ->
                            "seed %d, %s, %s\nthe data plane %s\nwe             %s"
                                    .formatted(
                                            seed,
                                            way,
                                            way.tunnel(),
                                            HexFormat.of().formatHex(theirs),
                                            HexFormat.of().formatHex(ours)));
        }
    }

    private byte[] ours(final Way way, final byte[] inner, final int spread) {
        packet.putBytes(HEADROOM, inner);
        final IpAddress own = way.backend().isIpv4() ? OWN4 : OWN6;

        final int start = Encapsulation.wrap(packet, HEADROOM, inner.length, way, own, spread);

        final byte[] bytes = new byte[HEADROOM - start + inner.length];
        packet.getBytes(start, bytes);
        return bytes;
    }

    private byte[] theirs(final Way way, final byte[] inner, final int spread) {
        final TunnelForwarder forwarder = new TunnelForwarder(new long[] {0, 2}, 0);
        forwarder.adopt(table(way));
        FlowEntry.service(entry.addressOffset(), 0, way.mode().code());
        FlowEntry.backendId(entry.addressOffset(), 0);
        entry.putByte(
                FlowEntry.PROTOCOL_OFFSET, (byte) (way.vip().isIpv4() ? 6 : FlowEntry.FAMILY_6));
        frame.putBytes(HEADROOM + EthernetHeader.LENGTH, inner);
        burst.count = 1;
        burst.address[0] = frame.addressOffset() + HEADROOM;
        burst.length[0] = EthernetHeader.LENGTH + inner.length;
        burst.l3Offset[0] = EthernetHeader.LENGTH;
        burst.entry[0] = entry.addressOffset();
        burst.hop[0] = Hop.of(4, LINK);
        burst.hash[0] = (long) spread << Byte.SIZE;

        forwarder.forward(burst, new int[] {0}, 1);

        final int start = (int) (burst.address[0] - frame.addressOffset());
        final byte[] bytes = new byte[burst.length[0] - EthernetHeader.LENGTH];
        frame.getBytes(start + EthernetHeader.LENGTH, bytes);
        return bytes;
    }

    private static ForwardingTable table(final Way way) {
        return ForwardingTable.builder(1)
                .backend(0, new BackendSpec("p", "s", way.backend(), 0, 1, BackendState.UP), 0)
                .interfaceAddress(LINK, OWN4)
                .interfaceAddress(LINK, OWN6)
                .service(
                        0,
                        new ServiceSpec(
                                "web",
                                way.vip(),
                                Protocol.TCP,
                                80,
                                80,
                                way.mode(),
                                Algorithm.RR,
                                "p",
                                ServiceSpec.Timeouts.DEFAULT),
                        0)
                .options(
                        0,
                        new ServiceOptions(
                                false,
                                false,
                                false,
                                ServiceOptions.MSS_AUTO,
                                OversizeRule.INNER,
                                way.tunnel()))
                .build();
    }

    private static TunnelSpec tunnel(final Random random) {
        final int prefix4 = random.nextInt(33);
        final int prefix6 = random.nextInt(129);
        return new TunnelSpec(
                random.nextBoolean() ? IpAddress.NONE : IpAddress.parse("10.9.0.0"),
                prefix4,
                random.nextBoolean() ? IpAddress.NONE : IpAddress.parse("2001:db8:9::"),
                prefix6,
                random.nextBoolean() ? TunnelSpec.NO_KEY : random.nextInt() & 0xffff_ffffL,
                random.nextBoolean(),
                random.nextBoolean());
    }

    private static byte[] inner(final Random random, final boolean isIpv4) {
        final int l3Length = isIpv4 ? 20 : 40;
        final byte[] inner = new byte[l3Length + 20 + random.nextInt(1_300)];
        random.nextBytes(inner);
        final ByteBuffer header = ByteBuffer.wrap(inner).order(ByteOrder.BIG_ENDIAN);
        if (isIpv4) {
            header.put(0, (byte) 0x45);
            header.putShort(2, (short) inner.length);
        } else {
            header.put(0, (byte) (0x60 | (inner[0] & 0x0f)));
            header.putShort(4, (short) (inner.length - l3Length));
        }

        return inner;
    }

    private static UnsafeBuffer direct() {
        return new UnsafeBuffer(ByteBuffer.allocateDirect(CAPACITY));
    }
}
