package io.naru.dataplane.service;

import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;

/**
 * Chooses among the backends of a service that are up, in proportion to their weights, by a hash
 * alone.
 *
 * <p>The hash falls on a line on which each backend has a stretch as long as its weight.
 */
final class StableChoice {
    private final int[] ids;
    private final long[] ends;

    /**
     * @param onlyHighest whether only those of the highest priority are chosen.
     */
    StableChoice(final int[] backendIds, final BackendSpec[] backends, final boolean onlyHighest) {
        int highest = 0;
        for (final int id : backendIds) {
            if (onlyHighest && takesNewFlows(backends[id])) {
                highest = Math.max(highest, backends[id].priority());
            }
        }

        int count = 0;
        final int[] candidates = new int[backendIds.length];
        for (final int id : backendIds) {
            if (takesNewFlows(backends[id]) && backends[id].priority() >= highest) {
                candidates[count++] = id;
            }
        }

        ids = new int[count];
        ends = new long[count];
        long end = 0;
        for (int i = 0; i < count; i++) {
            ids[i] = candidates[i];
            end += (long) backends[candidates[i]].weight() * backends[candidates[i]].share();
            ends[i] = end;
        }
    }

    private static boolean takesNewFlows(final BackendSpec backend) {
        return backend.state() == BackendState.UP && backend.weight() > 0;
    }

    /** How many backends there are to choose from. */
    int size() {
        return ids.length;
    }

    int select(final long hash) {
        if (ids.length == 0) {
            return ForwardingTable.NONE;
        }

        final long point = Math.multiplyHigh(hash >>> 1, ends[ends.length - 1] << 1);
        int low = 0;
        int high = ids.length - 1;
        while (low < high) {
            final int middle = (low + high) >>> 1;
            if (ends[middle] > point) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }

        return ids[low];
    }
}
