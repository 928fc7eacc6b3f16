package io.naru.dataplane.protocol;

/**
 * What would become of a packet, as the worker says that owns its flow.
 *
 * @param epoch of the forwarding table that the worker uses.
 * @param serviceId whose endpoint it calls; -1 if there is none: what is sent then, is by a bridge.
 * @param flow what the worker knows of its flow.
 * @param flowBackendId of the flow that was found, or -1.
 * @param flowMode code of the {@link Mode} of the flow that was found.
 * @param flowState state of the flow that was found, or empty.
 * @param opensAnew whether it begins another flow in place of the one that was found.
 * @param backendId that it goes to, or would if it was not dropped; -1 if there is none.
 * @param mode code of the {@link Mode} in which it is rewritten; -1 if there is no backend.
 * @param dropCode of the {@link DropReason}, or {@link #SENT}.
 * @param rememberedId the client's backend by persistence, or -1.
 * @param formerId the backend that the client is remembered with but leaves, as it keeps no
 *     clients; or -1.
 * @param fullId a backend that would have got it, but has as many flows as it may; or -1. If no
 *     other one is told though the packet is sent, it is the next choice of the scheduler that is
 *     below its limit.
 * @param slot of the service's hash table that it leads to, where there is a table.
 * @param slots of that table; 0 if there is none.
 * @param conflicts choices that were passed over as the client's replies from that backend could
 *     not be told from those of another VIP. If no backend is told though the packet is sent, it is
 *     a later choice of the scheduler.
 * @param hop as in {@link BackendInfo#hop()}, of the backend; 0 if it is not resolved.
 * @param localAddress of a flow in {@code full-nat} that was found, or NONE.
 */
public record PacketAnswer(
        int workerId,
        long epoch,
        int serviceId,
        Flow flow,
        int flowBackendId,
        int flowMode,
        String flowState,
        long ageMs,
        long idleMs,
        long expiresInMs,
        boolean opensAnew,
        int backendId,
        int mode,
        int dropCode,
        int rememberedId,
        int formerId,
        int fullId,
        int slot,
        int slots,
        int conflicts,
        long hop,
        IpAddress localAddress,
        int localPort) {
    /** {@link #dropCode} of a packet that is sent. */
    public static final int SENT = -1;

    /** Whether a flow was found. */
    public enum Flow {
        /** None. */
        NONE(0),
        /** A live one. */
        LIVE(1),
        /** One that has timed out, and will be removed. */
        EXPIRED(2),
        /** One for which there was no room in the flow table. */
        LOOSE(3);

        private static final Flow[] BY_CODE = values();

        private final int code;

        Flow(final int code) {
            this.code = code;
        }

        int code() {
            return code;
        }

        /** The flow of a code, or null if there is none. */
        static Flow ofCode(final int code) {
            return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : null;
        }
    }

    public boolean isSent() {
        return dropCode == SENT;
    }
}
