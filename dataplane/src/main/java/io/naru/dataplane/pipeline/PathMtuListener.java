package io.naru.dataplane.pipeline;

/** Is told what the way to a backend takes, as a router on it said. */
@FunctionalInterface
public interface PathMtuListener {
    /** Does not want to know. */
    PathMtuListener NONE = (highNet, lowNet, mtu) -> {};

    /**
     * On the worker's thread; must not allocate or wait.
     *
     * @param highNet the first 8 bytes of the backend's address as loaded; 0 for IPv4.
     * @param lowNet the last 8 bytes; of IPv4 the address as loaded in the low half, else 0.
     * @param mtu in bytes, as said and not checked but for being sensible.
     */
    void onPathMtu(long highNet, long lowNet, int mtu);
}
