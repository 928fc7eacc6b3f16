package io.naru.dataplane.neighbour;

import io.naru.dataplane.protocol.IpAddress;
import java.util.Set;

/** Is told, on the conductor's thread, what {@link HopResolver} finds out. */
public interface HopListener {
    /** Packets for the address can be sent; called again when its MAC or interface changes. */
    void onHopResolved(IpAddress address, long hop);

    /**
     * Packets for the address can't be sent (any more); called again when the reason changes.
     *
     * @param reason a sentence without a full stop.
     */
    void onHopUnresolved(IpAddress address, String reason);

    /** The box's own addresses are now these. */
    void onLocalsChanged(Set<LocalAddress> locals);
}
