package io.naru.dataplane.protocol;

/**
 * Layout of the statistics of one service or one backend on one worker: cache lines of its own.
 *
 * <pre>
 *   +---------------------------------------------------------------+
 *  0|                 Packets to the backend                        |
 *   +---------------------------------------------------------------+
 *  8|                 Bytes to the backend                          |
 *   +---------------------------------------------------------------+
 * 16|                 Packets to the client                         |
 *   +---------------------------------------------------------------+
 * 24|                 Bytes to the client                           |
 *   +---------------------------------------------------------------+
 * 32|                 Flows opened                                  |
 *   +---------------------------------------------------------------+
 * 40|                 Flows active                                  |
 *   +---------------------------------------------------------------+
 * 48|                 Flows refused                                 |
 *   +---------------------------------------------------------------+
 * 56|          Response time, smoothed, ns; 0 if unknown            |
 *   +---------------------------------------------------------------+
 * 64|          Openings that nobody answered                        |
 *   +---------------------------------------------------------------+
 * 72|          Openings that the backend refused                    |
 *   +---------------------------------------------------------------+
 * 80|          Flows that were over a limit                         |
 *   +---------------------------------------------------------------+
 * 88|                 Reserved, 0                                   |
 *   |                     ...                                       |
 *   +---------------------------------------------------------------+
 * </pre>
 *
 * <p>Each field is 8 bytes in the machine's order. Written by its worker only, with plain stores of
 * aligned longs, so a reader sees each of them whole but not all of them of one moment. Bytes are
 * of whole Ethernet frames as the balancer received them. Active flows and the response time are
 * levels; all others only grow while the id is in use.
 */
public final class StatsLine {
    public static final int PACKETS_TO_BACKEND_OFFSET = 0;
    public static final int BYTES_TO_BACKEND_OFFSET = 8;
    public static final int PACKETS_TO_CLIENT_OFFSET = 16;
    public static final int BYTES_TO_CLIENT_OFFSET = 24;
    public static final int FLOWS_OPENED_OFFSET = 32;
    public static final int FLOWS_ACTIVE_OFFSET = 40;
    public static final int FLOWS_REFUSED_OFFSET = 48;
    public static final int RESPONSE_TIME_OFFSET = 56;
    public static final int OPENINGS_UNANSWERED_OFFSET = 64;
    public static final int OPENINGS_REFUSED_OFFSET = 72;
    public static final int FLOWS_OVER_LIMIT_OFFSET = 80;
    public static final int LENGTH = 128;

    private StatsLine() {}

    /** Offset of the line of a service in its region. */
    public static int serviceOffset(final int workerId, final int serviceId) {
        return (workerId * Limits.MAX_SERVICES + serviceId) * LENGTH;
    }

    /** Offset of the line of a backend in its region. */
    public static int backendOffset(final int workerId, final int backendId) {
        return (workerId * Limits.MAX_BACKENDS + backendId) * LENGTH;
    }
}
