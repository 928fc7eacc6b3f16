package io.naru.controlplane.health.way;

import io.naru.dataplane.protocol.IpAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * What ICMP errors told of backends in the last seconds. Written by the device's thread, read by
 * the checks'. They make a failure's reason clearer, and decide nothing: anybody can forge one.
 */
final class Troubles {
    static final int CAPACITY = 16_384; // more backends than a data plane has
    static final long FRESH_NS = TimeUnit.SECONDS.toNanos(10);

    private record Trouble(String text, long atNs) {}

    private final Map<IpAddress, Trouble> byBackend = new ConcurrentHashMap<>();
    private final LongSupplier clockNs;

    Troubles(final LongSupplier clockNs) {
        this.clockNs = clockNs;
    }

    void put(final IpAddress backend, final String text) {
        final long nowNs = clockNs.getAsLong();
        if (byBackend.size() >= CAPACITY) {
            byBackend.values().removeIf(old -> nowNs - old.atNs() > FRESH_NS);
        }
        if (byBackend.size() < CAPACITY) {
            byBackend.put(backend, new Trouble(text, nowNs));
        }
    }

    String of(final IpAddress backend) {
        final Trouble trouble = byBackend.get(backend);
        return trouble == null || clockNs.getAsLong() - trouble.atNs() > FRESH_NS
                ? null
                : trouble.text();
    }
}
