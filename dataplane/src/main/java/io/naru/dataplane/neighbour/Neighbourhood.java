package io.naru.dataplane.neighbour;

import io.naru.dataplane.protocol.IpAddress;
import java.util.Set;

/**
 * What is known of the network around the box: ways, neighbours, and the box's own addresses.
 *
 * <p>The seam between {@link HopResolver} and whoever knows: the kernel ({@link
 * KernelNeighbourhood}) or a fixed list ({@link FixedNeighbourhood}). Changes are hints that say
 * what to look up again; an answer to a look-up is the truth of its moment. Used by the conductor's
 * thread only, never waits.
 */
public interface Neighbourhood extends AutoCloseable {
    /** Is told what may have changed. */
    interface Changes {
        void onNeighbourChanged(int linkIndex, IpAddress neighbour);

        /** The way to any address of {@code [first, last]} may be another one. */
        void onWaysChanged(IpAddress first, IpAddress last);

        void onLocalsChanged();

        /** Look up everything again. */
        void onEverythingChanged();
    }

    /**
     * Tells what has changed since the last call.
     *
     * @return how many changes were told.
     */
    int poll(Changes changes);

    /** The way that a packet for {@code destination} takes. */
    Way wayTo(IpAddress destination);

    /** What is known of the neighbour that a way leads to; {@code way} isn't refused. */
    Sighting sighting(Way way);

    /**
     * Asks for the neighbour that a way leads to, or checks that it is still there; what comes of
     * it is told by {@link #poll}. Not for one that is {@link Sighting.State#FIXED}.
     *
     * @return empty, or why that wasn't possible.
     */
    String solicit(Way way);

    /** The box's own addresses, on any interface. */
    Set<LocalAddress> locals();

    @Override
    void close();
}
