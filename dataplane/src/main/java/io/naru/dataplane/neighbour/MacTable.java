package io.naru.dataplane.neighbour;

import io.naru.dataplane.packet.EthernetHeader;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Behind which port of a bridge each station is (IEEE 802.1D §7.8), learned from the source of its
 * frames; shared by all workers, without a lock.
 *
 * <p>A place is one long: MAC (48 bits), port (6 bits) and the time when it was last seen (10 bits,
 * in units of about 4 s). Any worker may write any place at any time: a reader sees one station or
 * another, never a mixture, and the worst that a lost race does is that a station is learned with
 * its next frame. A fixed number of places; where there is no room the one seen longest ago goes.
 */
public final class MacTable {
    /** What {@link #port} returns for a station that is not known. */
    public static final int UNKNOWN = -1;

    private static final int PLACES = 1 << 14;
    private static final int WAYS = 4;
    private static final int PORT_SHIFT = 48;
    private static final int PORT_MASK = 0x3f;
    private static final int TIME_SHIFT = 54;
    private static final int TIME_MASK = 0x3ff;
    private static final int TIME_UNIT_SHIFT = 32; // nanoseconds: 4.3 s

    /** 300 s (IEEE 802.1D table 7-5) in units. */
    private static final int AGE_LIMIT = 70;

    private static final long MULTIPLIER = 0x9e37_79b9_7f4a_7c15L; // 2^64 / golden ratio

    private final AtomicLongArray places = new AtomicLongArray(PLACES);

    /** Notes that a station is behind a port; writes only where that is news, or old. */
    public void learn(final long macNet, final int port, final long nowNs) {
        final long mac = macNet & EthernetHeader.MAC_MASK;
        final int now = time(nowNs);
        final long wanted = mac | ((long) port << PORT_SHIFT) | ((long) now << TIME_SHIFT);
        final int first = first(mac);
        int oldest = first;
        int oldestAge = -1;
        for (int way = 0; way < WAYS; way++) {
            final long place = places.getOpaque(first + way);
            if ((place & EthernetHeader.MAC_MASK) == mac) {
                if (place != wanted) {
                    places.setOpaque(first + way, wanted);
                }
                return;
            }

            final int age = place == 0 ? TIME_MASK + 1 : age(place, now);
            if (age > oldestAge) {
                oldest = first + way;
                oldestAge = age;
            }
        }

        places.setOpaque(oldest, wanted);
    }

    /** The port that a station is behind, or {@link #UNKNOWN}. */
    public int port(final long macNet, final long nowNs) {
        final long mac = macNet & EthernetHeader.MAC_MASK;
        final int now = time(nowNs);
        final int first = first(mac);
        for (int way = 0; way < WAYS; way++) {
            final long place = places.getOpaque(first + way);
            if ((place & EthernetHeader.MAC_MASK) == mac && place != 0) {
                return age(place, now) > AGE_LIMIT
                        ? UNKNOWN
                        : (int) (place >>> PORT_SHIFT) & PORT_MASK;
            }
        }

        return UNKNOWN;
    }

    private static int time(final long nowNs) {
        return (int) (nowNs >>> TIME_UNIT_SHIFT) & TIME_MASK;
    }

    private static int age(final long place, final int now) {
        return (now - (int) (place >>> TIME_SHIFT)) & TIME_MASK;
    }

    private static int first(final long mac) {
        return (int) ((mac * MULTIPLIER) >>> (Long.SIZE - 12)) * WAYS;
    }
}
