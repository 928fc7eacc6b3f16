package io.naru.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.WorkerCounter;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Whatever arrives: nothing throws, nothing outside the frame is touched, nothing leaves with a
 * wrong checksum that came with right ones, and no frame is lost.
 *
 * <p>Two workers with ports, hand-over and all modes get what {@link FuzzTraffic} makes, while
 * backends come and go and the clock jumps. {@code -Dnaru.fuzz.frames=N} makes the run longer,
 * {@code -Dnaru.test.seed=…} repeats one.
 */
class FrameFuzzTest {
    private static final long FRAMES = Long.getLong("naru.fuzz.frames", 150_000);
    private static final int FLOW_CAPACITY = 256;
    private static final int[] MTUS = {0, 68, 296, 576, 1_280, 1_400, 1_500};
    private static final long FRAMES_PER_ROUND = 2_000_000;

    private final long seed = Long.getLong("naru.test.seed", System.nanoTime());
    private final List<byte[]> burst = new ArrayList<>();
    private final Map<DropReason, Long> drops = new TreeMap<>();
    private long injected;
    private long sent;
    private long made;
    private long handovers;

    @Test
    void shouldSurviveAnyTrafficInRoutedTopology() {
        fuzz(FuzzScene.routed());
    }

    @Test
    void shouldSurviveAnyTrafficWithBackendsInVlan() {
        fuzz(FuzzScene.routedWithVlan());
    }

    @Test
    void shouldSurviveAnyTrafficInOneArmTopology() {
        fuzz(FuzzScene.oneArm());
    }

    @Test
    void shouldSurviveAnyTrafficInBridgeTopology() {
        fuzz(FuzzScene.bridge());
    }

    /** Rounds begin anew, so that a long run can be repeated from the one that failed. */
    private void fuzz(final FuzzScene scene) {
        final long startNs = System.nanoTime();
        for (int round = 0; injected < FRAMES - FRAMES / 50; round++) {
            final long roundSeed = seed + round;
            System.out.printf("FrameFuzzTest naru.test.seed=%d%n", roundSeed);
            fuzz(scene, roundSeed, Math.min(FRAMES - injected, FRAMES_PER_ROUND));
        }
        System.out.printf(
                "%,d frames in %d s: %,d sent, %,d of them made here; dropped: %s%n",
                injected, (System.nanoTime() - startNs) / 1_000_000_000L, sent, made, drops);
        assertTrue(sent > injected / 5, () -> "only " + sent + " sent");
        assertTrue(handovers > injected / 50, () -> "only " + handovers + " handed over");
    }

    private void fuzz(final FuzzScene scene, final long roundSeed, final long frames) {
        final SplittableRandom random = new SplittableRandom(roundSeed);
        final FuzzTraffic traffic = new FuzzTraffic(random, scene);
        final FrameWatch watch = new FrameWatch(traffic::onSent);
        try (WorkerRig rig =
                new WorkerRig(
                        2,
                        64,
                        FLOW_CAPACITY,
                        watch,
                        scene.isRouter(),
                        scene.bridged(),
                        scene.vlans(),
                        scene.macsNet())) {
            for (int id = 0; id < FuzzScene.HOPS; id++) {
                rig.hops.hop(id, scene.hop(id));
            }
            final long framesAtStart = rig.framesAnywhere();
            for (long done = 0, cycle = 0; done < frames; cycle++) {
                if (cycle % 1_000 == 0) {
                    rig.adopt(scene.table(cycle + 1, random));
                    final int jumpS = random.nextInt(random.nextInt(4) == 0 ? 10_000 : 40);
                    rig.clock.advance(jumpS * 1_000_000_000L);
                    for (int id = 0; id < FuzzScene.HOPS; id++) {
                        rig.hops.mtu(id, MTUS[random.nextInt(MTUS.length)]);
                    }
                }
                done += injectBurst(rig, traffic, random);
                runCycles(rig);
                collect(rig);
                assertEquals(framesAtStart, rig.framesAnywhere(), "frames");
            }
            account(rig, watch);
        } catch (final AssertionError | RuntimeException ex) {
            throw new AssertionError(describe(roundSeed), ex);
        } finally {
            watch.close();
        }
    }

    private int injectBurst(
            final WorkerRig rig, final FuzzTraffic traffic, final SplittableRandom random) {
        burst.clear();
        for (int count = 1 + random.nextInt(24); count > 0; count--) {
            final byte[] frame = traffic.next();
            burst.add(frame);
            final int ingress = frame.length > 5 && frame[5] == 2 ? 1 : 0;
            final int worker = random.nextInt(2);
            final int wire =
                    random.nextInt(16) == 0
                            ? 1 - ingress
                            : ingress; // also where it does not belong
            final int port = Math.min(wire, rig.ports.get(worker).length - 1);
            final boolean isInVlan = random.nextInt(64) > 0;
            if (isInVlan ? rig.inject(worker, port, frame) : rig.injectAsIs(worker, port, frame)) {
                injected++;
            }
        }
        return burst.size();
    }

    private static void runCycles(final WorkerRig rig) {
        rig.cycle();
        rig.cycle();
    }

    private static void collect(final WorkerRig rig) {
        rig.ports.forEach(
                ports -> {
                    for (int i = 0; i < ports.length; i++) {
                        ports[i].wire().collect((packet, length) -> {}, Integer.MAX_VALUE);
                    }
                });
    }

    /** Everything that came was sent, dropped for a reason, or is still held. */
    private void account(final WorkerRig rig, final FrameWatch watch) {
        rig.cycle();
        rig.cycle();
        long errors = 0;
        long fates = watch.sent() - watch.made();
        for (int worker = 0; worker < rig.workers.size(); worker++) {
            for (final DropReason reason : DropReason.values()) {
                final long count = rig.stats.get(worker).dropped(reason);
                fates += count;
                if (count > 0) {
                    drops.merge(reason, count, Long::sum);
                }
            }
            fates += rig.pipelines.get(worker).framesHeld();
            errors += rig.stats.get(worker).dropped(DropReason.TX_FULL);
            errors += rig.pipelines.get(worker).icmpErrorsMade();
        }
        // a packet whose sender is told why it is dropped is counted as dropped and sent; what we
        // make ourselves may find the ring full
        final long missing = watch.received() - fates;
        final long told = errors;
        assertTrue(
                missing <= 0 && missing >= -told,
                () -> missing + " packets received of which nothing became, or twice something");
        sent += watch.sent();
        made += watch.made();
        handovers += rig.stats.get(0).get(WorkerCounter.HANDOVERS_OUT);
    }

    private String describe(final long roundSeed) {
        final StringBuilder text = new StringBuilder("-Dnaru.test.seed=" + roundSeed + ", burst:");
        for (final byte[] frame : burst) {
            text.append('\n').append(HexFormat.of().formatHex(frame));
        }
        return text.toString();
    }
}
