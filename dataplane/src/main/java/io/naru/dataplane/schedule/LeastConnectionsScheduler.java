package io.naru.dataplane.schedule;

import java.util.Arrays;

/**
 * {@code lc}: the backend with the fewest flows; among equals, in turn.
 *
 * <p>Looking at all backends for each new flow would let a flood of them through a large pool eat
 * the worker. So a tree of minima holds what is known of the loads, and each selection looks afresh
 * at one block of {@value #BLOCK} of them, in rotation, and counts the flow it places. Up to that
 * many backends the choice is exact; beyond, another worker's flows and those that ended are seen
 * at most size / {@value #BLOCK} selections later.
 *
 * <pre>
 *              1
 *        2           3         node n: the least load below it, and how many backends have it;
 *     4     5     6     7      its children are 2n and 2n + 1
 *    8 9  10 11 12 13 14 15    the leaves: one backend each, then padding that is never least
 * </pre>
 */
final class LeastConnectionsScheduler implements Scheduler {
    static final int BLOCK = 16;

    private final int[] backendIds;
    private final BackendLoad load;
    private final int firstLeaf;
    private final int[] least;
    private final int[] leastCount;
    private int nextBlock;
    private int turn;

    /**
     * @param start with which of equals to begin.
     */
    LeastConnectionsScheduler(
            final Candidates candidates, final BackendLoad load, final int start) {
        this.load = load;
        turn = start;
        backendIds = new int[candidates.size()];
        for (int i = 0; i < backendIds.length; i++) {
            backendIds[i] = candidates.backendId(i);
        }

        firstLeaf = Math.max(BLOCK, Integer.highestOneBit(backendIds.length * 2 - 1));
        least = new int[firstLeaf * 2];
        leastCount = new int[firstLeaf * 2];
        Arrays.fill(least, Integer.MAX_VALUE);
        for (int block = 0; block < backendIds.length; block += BLOCK) {
            refresh(block);
        }
    }

    @Override
    public int select(final long tupleHash, final long sourceHash) {
        refresh(nextBlock);
        nextBlock = nextBlock + BLOCK < backendIds.length ? nextBlock + BLOCK : 0;

        final int index = leastLoaded();
        addFlow(index);

        return backendIds[index];
    }

    private void refresh(final int block) {
        final int end = Math.min(block + BLOCK, backendIds.length);
        for (int i = block; i < end; i++) {
            least[firstLeaf + i] = load.activeFlows(backendIds[i]);
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

    private int leastLoaded() {
        int skip = Integer.remainderUnsigned(turn++, leastCount[1]);
        final int load = least[1];
        int node = 1;
        while (node < firstLeaf) {
            node <<= 1;
            if (least[node] != load) {
                node++;
            } else if (skip >= leastCount[node]) {
                skip -= leastCount[node];
                node++;
            }
        }

        return node - firstLeaf;
    }

    private void addFlow(final int index) {
        int node = firstLeaf + index;
        least[node]++;
        while ((node >>= 1) > 0) {
            merge(node);
        }
    }

    private void merge(final int node) {
        final int left = node << 1;
        final int right = left + 1;
        final int leftLoad = least[left];
        final int rightLoad = least[right];
        least[node] = Math.min(leftLoad, rightLoad);
        leastCount[node] =
                (leftLoad <= rightLoad ? leastCount[left] : 0)
                        + (rightLoad <= leftLoad ? leastCount[right] : 0);
    }
}
