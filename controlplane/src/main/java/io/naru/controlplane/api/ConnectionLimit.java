package io.naru.controlplane.api;

/** Counts connections up to a limit. For one thread. */
final class ConnectionLimit {
    private final int max;
    private int count;

    ConnectionLimit(final int max) {
        this.max = max;
    }

    boolean enter() {
        if (count == max) {
            return false;
        }
        count++;

        return true;
    }

    void leave() {
        count--;
    }

    int max() {
        return max;
    }
}
