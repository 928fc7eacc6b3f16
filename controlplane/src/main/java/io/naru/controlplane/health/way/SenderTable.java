package io.naru.controlplane.health.way;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Which lease a packet belongs to, by the socket it is from. Written by the checks' thread, read by
 * the device's.
 *
 * <p>A lease that ends stays for two seconds: the RST or FIN of its socket is still to be sent, or
 * the backend would keep a connection that nobody has.
 */
final class SenderTable {
    static final long LINGER_NS = TimeUnit.SECONDS.toNanos(2);

    private record Released(Sender sender, Lease lease, long atNs) {}

    private final Map<Sender, Lease> leases = new ConcurrentHashMap<>();
    private final Deque<Released> released = new ArrayDeque<>(); // the checks' thread alone
    private final LongSupplier clockNs;

    SenderTable(final LongSupplier clockNs) {
        this.clockNs = clockNs;
    }

    void put(final Sender sender, final Lease lease) {
        forget();
        leases.put(sender, lease);
    }

    void release(final Sender sender, final Lease lease) {
        forget();
        released.add(new Released(sender, lease, clockNs.getAsLong()));
    }

    private void forget() {
        final long nowNs = clockNs.getAsLong();
        while (!released.isEmpty() && nowNs - released.peek().atNs() >= LINGER_NS) {
            final Released first = released.remove();
            leases.remove(first.sender(), first.lease()); // unless the port has a new owner
        }
    }

    /** The lease of a packet's socket; null if it has none. */
    Lease of(final Sender sender) {
        return leases.get(sender);
    }

    int size() {
        return leases.size();
    }
}
