package io.naru.dataplane.pipeline;

import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.status.WorkerStats;
import java.util.Arrays;

/**
 * The frames that wait for the first fragment of their packet, those that have it and go on with
 * the next burst, and those that are given up.
 *
 * <p>All of them together are bounded. Everything is allocated at start. Used by one worker.
 */
final class HeldFragments {
    private static final int NONE = FragmentedPackets.NONE;

    private final int capacity;

    // by slot; twice as many as may wait, since frames are given up between two times that they are
    // taken back
    private final long[] address;
    private final int[] length;
    private final int[] ingress;
    private final long[] keyB;
    private final int[] reason;
    private final int[] next;

    // by the place of a packet: the slots of those that wait, in the order in which they came
    private final int[] firstOf;
    private final int[] lastOf;

    private int free;
    private int readyHead = NONE;
    private int readyTail = NONE;
    private int givenUpHead = NONE;
    private int givenUpCount;
    private int size;

    HeldFragments(final FragmentLimits limits) {
        capacity = limits.heldFrames();
        final int slots = 2 * capacity;
        address = new long[slots];
        length = new int[slots];
        ingress = new int[slots];
        keyB = new long[slots];
        reason = new int[slots];
        next = new int[slots];
        for (int slot = 0; slot < slots; slot++) {
            next[slot] = slot + 1 < slots ? slot + 1 : NONE;
        }

        firstOf = new int[limits.packets()];
        lastOf = new int[limits.packets()];
        Arrays.fill(firstOf, NONE);
    }

    /** Frames that are here, whatever they wait for. */
    int frames() {
        return size + givenUpCount;
    }

    /** Also if so many were given up that they have to be taken back first. */
    boolean isFull() {
        return size == capacity || free == NONE;
    }

    /** Keeps a frame of the burst until the packet's first fragment comes; only if not full. */
    void hold(final int place, final PacketBurst burst, final int i) {
        final int slot = free;
        free = next[slot];
        address[slot] = burst.address[i];
        length[slot] = burst.length[i];
        ingress[slot] = burst.ingress[i];
        next[slot] = NONE;
        if (firstOf[place] == NONE) {
            firstOf[place] = slot;
        } else {
            next[lastOf[place]] = slot;
        }
        lastOf[place] = slot;
        size++;
    }

    /** The packet's flow is known: what waited for that goes on. */
    void release(final int place, final long keyB) {
        final int first = firstOf[place];
        if (first == NONE) {
            return;
        }

        for (int slot = first; slot != NONE; slot = next[slot]) {
            this.keyB[slot] = keyB;
        }

        if (readyHead == NONE) {
            readyHead = first;
        } else {
            next[readyTail] = first;
        }
        readyTail = lastOf[place];
        firstOf[place] = NONE;
    }

    /** What waits for the packet's first fragment waits in vain. */
    void giveUp(final int place, final int reasonCode) {
        int slot = firstOf[place];
        while (slot != NONE) {
            final int following = next[slot];
            reason[slot] = reasonCode;
            next[slot] = givenUpHead;
            givenUpHead = slot;
            givenUpCount++;
            size--;
            slot = following;
        }

        firstOf[place] = NONE;
    }

    /**
     * Takes up to a burst of those that go on.
     *
     * @return how many.
     */
    int takeReady(final PacketBurst burst) {
        int count = 0;
        while (readyHead != NONE && count < PacketBurst.CAPACITY) {
            final int slot = readyHead;
            readyHead = next[slot];
            burst.address[count] = address[slot];
            burst.length[count] = length[slot];
            burst.ingress[count] = ingress[slot];
            burst.fragmentKeyB[count] = keyB[slot];
            count++;
            size--;
            free(slot);
        }

        burst.count = count;
        return count;
    }

    /** Gives the frames of those that were given up back, each counted under its reason. */
    void drop(final FrameStack frames, final WorkerStats stats) {
        while (givenUpHead != NONE) {
            final int slot = givenUpHead;
            givenUpHead = next[slot];
            frames.push(address[slot]);
            stats.drop(reason[slot], 1);
            free(slot);
        }

        givenUpCount = 0;
    }

    private void free(final int slot) {
        next[slot] = free;
        free = slot;
    }
}
