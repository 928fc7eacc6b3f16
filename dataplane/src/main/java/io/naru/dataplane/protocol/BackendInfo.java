package io.naru.dataplane.protocol;

/**
 * What the directory of the cnc file says about a backend.
 *
 * @param id index of its statistics.
 * @param retired it is no longer configured, and its id is kept only until its last flow is gone.
 * @param spec as applied; its state is never {@link BackendState#KEEP}.
 * @param hop its next hop: MAC in the low 48 bits as loaded from a frame, egress interface index in
 *     the next 8, bit 63 when resolved; 0 if it is not resolved.
 */
public record BackendInfo(int id, boolean retired, BackendSpec spec, long hop) {
    public boolean isResolved() {
        return hop < 0;
    }

    /** {@code 02:00:00:00:00:01}, or {@code -} if the hop is not resolved. */
    public String mac() {
        return isResolved() ? InterfaceInfo.macText(hop) : "-";
    }

    /** Index of the interface that its packets leave by; only if resolved. */
    public int interfaceIndex() {
        return (int) (hop >>> 48) & 0xff;
    }
}
