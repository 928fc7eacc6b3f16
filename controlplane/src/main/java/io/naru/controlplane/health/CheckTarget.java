package io.naru.controlplane.health;

import io.naru.controlplane.health.way.Way;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * What is checked of one backend, and how often. Equal targets are the same check: a reload keeps
 * the state of those.
 *
 * @param kind of check: {@code tcp}.
 * @param address of the backend to which the check goes.
 * @param intervalNs from the start of one attempt to the start of the next.
 * @param timeoutNs after which an attempt has failed.
 * @param rise passes in a row that make a backend up.
 * @param fall failures in a row that make it down.
 * @param ways by which it goes there, one or more; all must pass.
 */
public record CheckTarget(
        String kind,
        InetSocketAddress address,
        long intervalNs,
        long timeoutNs,
        int rise,
        int fall,
        List<Way> ways) {

    /** Checks the numbers. */
    public CheckTarget {
        assert intervalNs > 0 : "intervalNs=" + intervalNs;
        assert timeoutNs > 0 : "timeoutNs=" + timeoutNs;
        assert rise > 0 : "rise=" + rise;
        assert fall > 0 : "fall=" + fall;
        ways = List.copyOf(ways);
        assert !ways.isEmpty();
    }

    /** A check that goes to the backend's own address. */
    public CheckTarget(
            final String kind,
            final InetSocketAddress address,
            final long intervalNs,
            final long timeoutNs,
            final int rise,
            final int fall) {
        this(kind, address, intervalNs, timeoutNs, rise, fall, List.of(Way.DIRECT));
    }

    /** The way of one attempt: the first. */
    public Way way() {
        return ways.get(0);
    }

    /** The same by one way. */
    public CheckTarget by(final Way way) {
        return new CheckTarget(kind, address, intervalNs, timeoutNs, rise, fall, List.of(way));
    }

    /**
     * {@code tcp 10.2.0.1:8080 every 2 s, timeout 1 s, rise 2, fall 3}; with {@code to 192.0.2.20
     * by dsr-gre} after the port where it goes that way.
     */
    @Override
    public String toString() {
        return kind
                + " "
                + address.getAddress().getHostAddress()
                + ":"
                + address.getPort()
                + wayWords()
                + terms().substring(kind.length());
    }

    private String wayWords() {
        final StringBuilder words = new StringBuilder();
        for (final Way way : ways) {
            words.append(words.isEmpty() ? "" : " and")
                    .append(way.isDirect() ? (ways.size() == 1 ? "" : " directly") : " to " + way);
        }

        return words.toString();
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
