package io.naru.dataplane.schedule;

import java.util.Arrays;
import java.util.Collections;
import java.util.Random;

/** Candidates and random numbers for the tests of this package. */
final class Pools {
    private static final long SEED = Long.getLong("naru.test.seed", System.nanoTime());

    static {
        System.out.println("schedule: naru.test.seed=" + SEED);
    }

    private Pools() {}

    /** Random numbers from the seed that is printed; {@code -Dnaru.test.seed=…} repeats a run. */
    static Random random() {
        return new Random(SEED);
    }

    /** Backends 0, 1, 2, … at 10.0.0.1, 10.0.0.2, …, port 80, all of the same weight. */
    static Candidates equal(final int size) {
        final int[] weights = new int[size];
        Arrays.fill(weights, 100);

        return weighted(weights);
    }

    /** As {@link #equal}, with these weights. */
    static Candidates weighted(final int... weights) {
        final int[] ids = new int[weights.length];
        Arrays.setAll(ids, i -> i);

        return Candidates.of(ids, weights, identities(ids));
    }

    /** Backends with these ids and random identities and weights up to {@code maxWeight}. */
    static Candidates random(final Random random, final int size, final int maxWeight) {
        final int[] ids = new int[size];
        final int[] weights = new int[size];
        final long[] identities = new long[size];
        for (int i = 0; i < size; i++) {
            ids[i] = i;
            weights[i] = 1 + random.nextInt(maxWeight);
            identities[i] = random.nextLong();
        }

        return Candidates.of(ids, weights, identities);
    }

    /** The same backends without those whose index is marked; ids and identities stay. */
    static Candidates without(final Candidates all, final boolean[] gone) {
        final int[] ids = new int[all.size()];
        final int[] weights = new int[all.size()];
        final long[] identities = new long[all.size()];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = all.backendId(i);
            weights[i] = gone[i] ? 0 : all.weight(i);
            identities[i] = all.identity(i);
        }

        return Candidates.of(ids, weights, identities);
    }

    /** The same backends in another order. */
    static Candidates shuffled(final Candidates all, final Random random) {
        final Integer[] order = new Integer[all.size()];
        Arrays.setAll(order, i -> i);
        Collections.shuffle(Arrays.asList(order), random);
        final int[] ids = new int[order.length];
        final int[] weights = new int[order.length];
        final long[] identities = new long[order.length];
        for (int i = 0; i < order.length; i++) {
            ids[i] = all.backendId(order[i]);
            weights[i] = all.weight(order[i]);
            identities[i] = all.identity(order[i]);
        }

        return Candidates.of(ids, weights, identities);
    }

    private static long[] identities(final int[] ids) {
        final long[] identities = new long[ids.length];
        for (int i = 0; i < ids.length; i++) {
            identities[i] = StableHash.backendIdentity(0, 0xffff_0a00_0001L + ids[i], 80);
        }

        return identities;
    }
}
