package io.naru.controlplane.health;

import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

/**
 * What is checked of one backend, and how often. Equal targets are the same check: a reload keeps
 * the state of those.
 *
 * @param kind of check: {@code tcp}.
 * @param address to which the check goes.
 * @param intervalNs from the start of one attempt to the start of the next.
 * @param timeoutNs after which an attempt has failed.
 * @param rise passes in a row that make a backend up.
 * @param fall failures in a row that make it down.
 */
public record CheckTarget(
        String kind,
        InetSocketAddress address,
        long intervalNs,
        long timeoutNs,
        int rise,
        int fall) {

    /** Checks the numbers. */
    public CheckTarget {
        assert intervalNs > 0 : "intervalNs=" + intervalNs;
        assert timeoutNs > 0 : "timeoutNs=" + timeoutNs;
        assert rise > 0 : "rise=" + rise;
        assert fall > 0 : "fall=" + fall;
    }

    /** {@code tcp 10.2.0.1:8080 every 2 s, timeout 1 s, rise 2, fall 3}. */
    @Override
    public String toString() {
        return kind
                + " "
                + address.getAddress().getHostAddress()
                + ":"
                + address.getPort()
                + terms().substring(kind.length());
    }

    /** {@code tcp every 2 s, timeout 1 s, rise 2, fall 3}: what the checks of a pool share. */
    public String terms() {
        return kind
                + " every "
                + words(intervalNs)
                + ", timeout "
                + words(timeoutNs)
                + ", rise "
                + rise
                + ", fall "
                + fall;
    }

    /**
     * A duration for people: {@code 0.042 ms}, {@code 0.3 ms}, {@code 250 ms}, {@code 1 s}, {@code
     * 1.5 s}.
     *
     * @param durationNs to write.
     * @return the words.
     */
    public static String words(final long durationNs) {
        final long micros = TimeUnit.NANOSECONDS.toMicros(durationNs);
        if (micros < 100) {
            return "0." + (micros < 10 ? "00" : "0") + micros + " ms";
        }
        if (micros < 10_000) {
            return oneDecimal(micros, 1_000) + " ms";
        }

        return micros < 1_000_000 ? micros / 1_000 + " ms" : oneDecimal(micros, 1_000_000) + " s";
    }

    private static String oneDecimal(final long value, final long unit) {
        final long tenths = (value * 10 + unit / 2) / unit;
        return tenths % 10 == 0 ? Long.toString(tenths / 10) : tenths / 10 + "." + tenths % 10;
    }
}
