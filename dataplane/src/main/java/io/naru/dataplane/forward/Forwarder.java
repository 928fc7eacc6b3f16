package io.naru.dataplane.forward;

import io.naru.dataplane.port.PacketBurst;

/**
 * Rewrites packets for one mode.
 *
 * <p>Works on all the packets of a burst that are of one mode, family and direction, in one call;
 * so nobody has to ask a packet for what it is. Whether a packet may go and where has been decided:
 * the forwarder reads the offsets, {@code direction}, {@code entry} and {@code hop} of the burst,
 * changes the packet in place, and cannot refuse. Used by one worker.
 */
public interface Forwarder {
    /**
     * @param selection indices of the burst's packets that are of this mode, of one family and in
     *     one direction.
     * @param count how many there are in {@code selection}; at least one.
     */
    void forward(PacketBurst burst, int[] selection, int count);
}
