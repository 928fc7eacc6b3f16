package io.naru.dataplane.forward;

import io.naru.dataplane.port.PacketBurst;

/**
 * Rewrites packets for one mode.
 *
 * <p>Works on all the packets of a burst that are of its mode: one call a burst, whatever the
 * number of modes. Whether a packet may go and where has been decided: the forwarder reads the
 * offsets, {@code direction}, {@code entry} and {@code hop} of the burst, changes the packet in
 * place, and cannot refuse. Used by one worker.
 */
public interface Forwarder {
    /**
     * @param selection indices of the burst's packets that are of this mode.
     * @param count how many there are in {@code selection}.
     */
    void forward(PacketBurst burst, int[] selection, int count);
}
