package io.naru.controlplane.health.way;

import io.naru.dataplane.protocol.IpAddress;

/**
 * What a way comes to on this box now.
 *
 * @param obstacle why nothing can be sent by it, in words; null if something can.
 * @param isOurs whether the obstacle says nothing of the backend.
 * @param source that the check's packets have, and answers come to.
 * @param outerSource of the headers around them, unless the tunnel names one.
 * @param linkIndex the interface to the backend.
 * @param filter that drops answers, in words; null if none does.
 */
record Resolution(
        String obstacle,
        boolean isOurs,
        IpAddress source,
        IpAddress outerSource,
        int linkIndex,
        String filter) {

    /** Of {@link Way#DIRECT}. */
    static final Resolution DIRECT = new Resolution(null, false, null, null, 0, null);

    /** Of {@link Way#DIRECT} from an address; null is as the box chooses. */
    static Resolution direct(final IpAddress source) {
        return source == null ? DIRECT : new Resolution(null, false, source, null, 0, null);
    }

    static Resolution ourObstacle(final String text) {
        return new Resolution(text, true, null, null, 0, null);
    }

    static Resolution obstacle(final String text) {
        return new Resolution(text, false, null, null, 0, null);
    }
}
