package io.naru.linux.xdp;

/**
 * What the kernel has counted at a socket: struct xdp_statistics.
 *
 * @param rxDropped packets that were too long for a frame.
 * @param rxRingFull packets dropped because we were too slow to read.
 * @param fillRingEmpty packets dropped because there was no frame to receive into.
 * @param rxInvalid frames on the fill ring that are none.
 * @param txInvalid packets on the transmit ring that lie outside a frame.
 */
public record XskStatistics(
        long rxDropped, long rxRingFull, long fillRingEmpty, long rxInvalid, long txInvalid) {}
