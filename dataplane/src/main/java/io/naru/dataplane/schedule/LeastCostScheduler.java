package io.naru.dataplane.schedule;

import java.util.Arrays;

/**
 * {@code lc}, {@code wlc}, {@code sed}, {@code nq}, {@code lrt}, {@code lb}, {@code fo} and {@code
 * ovf}: the backend where one more flow costs least, see {@link BackendCost}; among equals, in
 * turn.
 *
 * <p>Looking at all backends for each new flow would let a flood of them through a large pool eat
 * the worker. So a tree of minima holds what is known of the costs, and each selection looks afresh
 * at one block of {@value #BLOCK} of them, in rotation, and counts the flow it places. Up to that
 * many backends the choice is exact; beyond, another worker's flows and those that ended are seen
 * at most size / {@value #BLOCK} selections later.
 *
 * <pre>
 *              1
 *        2           3         node n: the least cost below it, and how many backends have it;
 *     4     5     6     7      its children are 2n and 2n + 1
 *    8 9  10 11 12 13 14 15    the leaves: one backend each, then padding that is never least
 * </pre>
 */
final class LeastCostScheduler implements Scheduler {
    static final int BLOCK = 16;

    /** Backends that {@link #selectOther} asks the filter for. */
    static final int OTHER_LIMIT = 64;

    private final char[] backendIds;
    private final BackendCost cost;
    private final int firstLeaf;
    private final double[] least;
    private final int[] leastCount;
    private int nextBlock;
    private int turn;

    /**
     * @param start with which of equals to begin.
     */
    LeastCostScheduler(final Candidates candidates, final BackendCost cost, final int start) {
        this.cost = cost;
        turn = start;
        backendIds = candidates.backendIds();
        firstLeaf = Math.max(BLOCK, Integer.highestOneBit(backendIds.length * 2 - 1));
        least = new double[firstLeaf * 2];
        leastCount = new int[firstLeaf * 2];
        Arrays.fill(least, BackendCost.NEVER);
        for (int block = 0; block < backendIds.length; block += BLOCK) {
            refreshNext();
        }
        for (int block = 0; block < backendIds.length; block += BLOCK) {
            refreshNext(); // with what the first rotation told
        }
    }

    @Override
    public int select(final long tupleHash, final long keyHash) {
        refreshNext();
        if (least[1] == BackendCost.NEVER) {
            return NONE;
        }

        final int index = cheapest();
        put(index, cost.placed(index));
        return backendIds[index];
    }

    @Override
    public int selectOther(final long tupleHash, final long keyHash, final BackendFilter filter) {
        for (int i = 0; i < OTHER_LIMIT && least[1] != BackendCost.NEVER; i++) {
            final int index = cheapest();
            if (filter.admits(backendIds[index])) {
                put(index, cost.placed(index));
                return backendIds[index];
            }
            put(index, BackendCost.NEVER); // until it is looked at again
        }

        return NONE;
    }

    @Override
    public int peek(final long tupleHash, final long keyHash) {
        double lowest = BackendCost.NEVER;
        int count = 0;
        for (int i = 0; i < backendIds.length; i++) {
            final double known = costSeenNext(i);
            count = known < lowest ? 1 : known == lowest ? count + 1 : count;
            lowest = Math.min(known, lowest);
        }
        if (lowest == BackendCost.NEVER) {
            return NONE;
        }

        int skip = Integer.remainderUnsigned(turn, count);
        int index = 0;
        while (costSeenNext(index) != lowest || skip-- > 0) {
            index++;
        }

        return backendIds[index];
    }

    private double costSeenNext(final int index) {
        return index >= nextBlock && index < nextBlock + BLOCK
                ? cost.now(index)
                : least[firstLeaf + index];
    }

    private void refreshNext() {
        refresh(nextBlock);
        nextBlock += BLOCK;
        if (nextBlock >= backendIds.length) {
            nextBlock = 0;
            cost.endRotation();
        }
    }

    private void refresh(final int block) {
        final int end = Math.min(block + BLOCK, backendIds.length);
        for (int i = block; i < end; i++) {
            least[firstLeaf + i] = cost.refreshed(i);
            leastCount[firstLeaf + i] = 1;
        }

        // All of the block's nodes, a level at a time; above the block, one node a level.
        int first = (firstLeaf + block) >> 1;
        int last = (firstLeaf + end - 1) >> 1;
        while (first > 0) {
            for (int node = first; node <= last; node++) {
                merge(node);
            }
            first >>= 1;
            last >>= 1;
        }
    }

    private int cheapest() {
        int skip = Integer.remainderUnsigned(turn++, leastCount[1]);
        final double lowest = least[1];
        int node = 1;
        while (node < firstLeaf) {
            node <<= 1;
            if (least[node] != lowest) {
                node++;
            } else if (skip >= leastCount[node]) {
                skip -= leastCount[node];
                node++;
            }
        }

        return node - firstLeaf;
    }

    private void put(final int index, final double latest) {
        int node = firstLeaf + index;
        least[node] = latest;
        while ((node >>= 1) > 0) {
            merge(node);
        }
    }

    private void merge(final int node) {
        final int left = node << 1;
        final int right = left + 1;
        final double leftCost = least[left];
        final double rightCost = least[right];
        least[node] = Math.min(leftCost, rightCost);
        leastCount[node] =
                (leftCost <= rightCost ? leastCount[left] : 0)
                        + (rightCost <= leftCost ? leastCount[right] : 0);
    }
}
