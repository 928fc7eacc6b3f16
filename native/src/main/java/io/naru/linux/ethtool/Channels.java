package io.naru.linux.ethtool;

/**
 * A device's queues, of the kinds that it tells apart. A combined channel receives and sends.
 *
 * @param maxRx receive-only channels that it could have.
 */
public record Channels(int rx, int tx, int combined, int maxRx, int maxTx, int maxCombined) {
    /** Queues that frames are received on: what an AF_XDP socket each is needed for. */
    public int rxQueues() {
        return combined + rx;
    }

    /** Queues that frames are sent on. */
    public int txQueues() {
        return combined + tx;
    }

    /** As many receive queues as the device can have. */
    public int maxRxQueues() {
        return Math.max(maxCombined, maxRx);
    }
}
