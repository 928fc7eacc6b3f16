package io.naru.dataplane.protocol;

/**
 * The desired state of one backend.
 *
 * @param pool name of its pool; with {@code name} it identifies the backend for as long as it is
 *     configured.
 * @param port host order; 0 keeps the service's port.
 * @param weight 0 to {@link Limits#MAX_WEIGHT}; 0 gets no new flows.
 * @param share percent of its weight that counts for now, 1 to {@link #FULL_SHARE}: less while it
 *     starts slowly.
 * @param priority 0 to {@link Limits#MAX_PRIORITY}; {@code fo} and {@code ovf} prefer the higher.
 * @param maxFlows active flows, of all services and workers; {@link #NO_LIMIT} for any number.
 * @param maxFlowRate new flows in a second; {@link #NO_LIMIT} for any number.
 */
public record BackendSpec(
        String pool,
        String name,
        IpAddress address,
        int port,
        int weight,
        int share,
        int priority,
        int maxFlows,
        int maxFlowRate,
        BackendState state) {
    public static final int FULL_SHARE = 100;
    public static final int DEFAULT_PRIORITY = 100;
    public static final int NO_LIMIT = 0;

    /** A backend that says nothing more. */
    public BackendSpec(
            final String pool,
            final String name,
            final IpAddress address,
            final int port,
            final int weight,
            final BackendState state) {
        this(
                pool,
                name,
                address,
                port,
                weight,
                FULL_SHARE,
                DEFAULT_PRIORITY,
                NO_LIMIT,
                NO_LIMIT,
                state);
    }

    /** The same backend with what may change while it serves. */
    public BackendSpec with(
            final int otherWeight, final int otherShare, final BackendState otherState) {
        return new BackendSpec(
                pool,
                name,
                address,
                port,
                otherWeight,
                otherShare,
                priority,
                maxFlows,
                maxFlowRate,
                otherState);
    }

    /** What is wrong with it, or null. */
    String refusal() {
        final String who = "backend " + pool + "/" + name + ": ";
        if (port < 0 || port > 0xffff) {
            return who + "port must be 0 to 65535, not " + port;
        }
        if (weight < 0 || weight > Limits.MAX_WEIGHT) {
            return who + "weight must be 0 to " + Limits.MAX_WEIGHT + ", not " + weight;
        }
        if (share < 1 || share > FULL_SHARE) {
            return who + "share must be 1 to " + FULL_SHARE + ", not " + share;
        }
        if (priority < 0 || priority > Limits.MAX_PRIORITY) {
            return who + "priority must be 0 to " + Limits.MAX_PRIORITY + ", not " + priority;
        }
        if (maxFlows < 0 || maxFlowRate < 0) {
            return who + "a limit cannot be negative: " + Math.min(maxFlows, maxFlowRate);
        }

        return state == null ? who + "there is no such state" : null;
    }
}
