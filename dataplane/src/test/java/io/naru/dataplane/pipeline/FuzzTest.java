package io.naru.dataplane.pipeline;

import static io.naru.dataplane.service.Specs.backend;
import static io.naru.dataplane.service.Specs.service;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.service.ForwardingTable;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Whatever bytes arrive, the pipeline reads and writes none but those of the packet, always comes
 * to a verdict, and sends nothing with a wrong checksum that came with a right one. {@code
 * -Dnaru.test.seed=…} repeats a run.
 */
class FuzzTest {
    private static final int BURSTS = 15_000;
    private static final String FRONT = Rig.CLIENT_SIDE_MAC;
    private static final String ROUTER = "02:00:00:00:00:99";

    private final long seed = Long.getLong("naru.test.seed", System.nanoTime());
    private final Random random = new Random(seed);

    @Test
    void shouldComeToVerdictWithoutLeavingThePacket() {
        System.out.println("FuzzTest naru.test.seed=" + seed);
        final Set<DropReason> seen = EnumSet.noneOf(DropReason.class);
        int sent = 0;
        try (Rig rig = new Rig(64, true).narrowBounds()) {
            rig.hop(1, "02:00:00:00:02:01", Rig.BACKEND_SIDE);
            rig.adopt(
                    ForwardingTable.builder(1)
                            .backend(1, backend("s1", "10.2.0.1:8080"), 1)
                            .backend(2, backend("s2", "192.0.2.21:0"), 1)
                            .service(0, service("web", "192.0.2.10:80", Protocol.TCP, Mode.NAT), 1)
                            .service(1, service("dns", "192.0.2.10:53", Protocol.UDP, Mode.NAT), 1)
                            .service(
                                    2,
                                    service("dsr", "192.0.2.11:80", Protocol.TCP, Mode.DSR_L2),
                                    2));
            for (int round = 0; round < BURSTS; round++) {
                final byte[][] frames = new byte[1 + random.nextInt(16)][];
                Arrays.setAll(frames, i -> mutated(valid()));
                final List<Rig.Outcome> outcomes =
                        rig.sendAll(random.nextInt(8) == 0 ? 1 : 0, frames);
                rig.ready();
                rig.forget();
                for (int i = 0; i < frames.length; i++) {
                    final Rig.Outcome outcome = outcomes.get(i);
                    if (outcome.isSent()) {
                        sent++;
                        if (Checksums.problem(frames[i]) == null) {
                            assertNull(Checksums.problem(outcome.out), this::at);
                        }
                    } else if (outcome.verdict != Verdict.HELD) {
                        seen.add(outcome.reason());
                        assertTrue(outcome.isUnchanged(), this::at);
                    }
                }
            }
        }

        assertTrue(sent > BURSTS / 2, "only " + sent + " sent" + at());
        assertTrue(seen.size() >= 15, seen + at());
    }

    private byte[] valid() {
        final String client = "198.51.100." + random.nextInt(4) + ":" + (1000 + random.nextInt(40));
        final Frame frame =
                switch (random.nextInt(8)) {
                    case 0 -> Frame.udp(client, "192.0.2.10:53");
                    case 1 -> Frame.icmp(client, "192.0.2.10:0", 8);
                    case 2 -> Frame.tcp("10.2.0.1:8080", client, random.nextInt(32));
                    case 3 -> Frame.tcp(client, "192.0.2.11:80", Frame.SYN);
                    case 4 -> Frame.tcp(client, "192.0.2.10:80", Frame.SYN);
                    case 5 -> Frame.tcp(client, "192.0.2.10:80", Frame.SYN).vlan(7);
                    case 6 -> Frame.tcp(client, "192.0.2.10:80", random.nextInt(32)).unpadded();
                    default -> null;
                };
        return frame == null
                ? Frame.arp(1 + random.nextInt(2), FRONT, ROUTER, "192.0.2.1", FRONT, "192.0.2.10")
                : frame.macs(ROUTER, FRONT).payload(random.nextInt(60)).bytes();
    }

    private byte[] mutated(final byte[] frame) {
        switch (random.nextInt(6)) {
            case 0 -> {
                return Frame.cut(frame, random.nextInt(frame.length + 1));
            }
            case 1 -> {
                final byte[] noise = new byte[random.nextInt(100)];
                random.nextBytes(noise);
                System.arraycopy(frame, 0, noise, 0, Math.min(noise.length, random.nextInt(40)));
                return noise;
            }
            case 2, 3 -> {
                for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
                    // nearly always in a header
                    final int at = random.nextInt(Math.min(frame.length, 54));
                    frame[at] =
                            random.nextBoolean()
                                    ? (byte) random.nextInt(256)
                                    : (byte) (frame[at] ^ 1 << random.nextInt(8));
                }
                return frame;
            }
            default -> {
                return frame;
            }
        }
    }

    private String at() {
        return " (seed " + seed + ")";
    }
}
