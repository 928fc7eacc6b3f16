package io.naru.dataplane.protocol;

/**
 * Whether a client's flows all go to one backend.
 *
 * @param timeoutS seconds after its latest new flow that a client is remembered; 0 is never.
 * @param prefixLength4 1 to 32; bits of an IPv4 client that tell it from others.
 * @param prefixLength6 1 to 128; bits of an IPv6 client.
 * @param group services with the same number remember together; {@link #ALONE} with none.
 */
public record Persistence(int timeoutS, int prefixLength4, int prefixLength6, long group) {
    public static final long ALONE = 0;

    public static final Persistence NONE = new Persistence(0, 32, 128, ALONE);

    /** Whether clients are remembered at all. */
    public boolean isUsed() {
        return timeoutS > 0;
    }
}
