package io.naru.controlplane.health;

import io.naru.controlplane.health.way.Way;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * What is checked of one backend, and how often. Equal targets are the same check: it is made once
 * for all pools that have it, and a reload keeps its state.
 *
 * @param spec what is asked.
 * @param address of the backend to which the check goes; port 0 where the kind has none.
 * @param timing how often.
 * @param ways by which it goes there, one or more; all must pass.
 * @param source the address of ours that it comes from; null is as the box chooses.
 */
public record CheckTarget(
        CheckSpec spec,
        InetSocketAddress address,
        CheckTiming timing,
        List<Way> ways,
        InetAddress source) {

    /** Keeps a copy of the ways. */
    public CheckTarget {
        ways = List.copyOf(ways);
        assert !ways.isEmpty();
    }

    /** A check that goes to the backend's own address. */
    public CheckTarget(
            final CheckSpec spec, final InetSocketAddress address, final CheckTiming timing) {
        this(spec, address, timing, List.of(Way.DIRECT), null);
    }

    /** The word for what is asked: {@code tcp}. */
    public String kind() {
        return spec.kind();
    }

    /** After which an attempt has failed. */
    public long timeoutNs() {
        return timing.timeoutNs();
    }

    /** The way of one attempt: the first. */
    public Way way() {
        return ways.get(0);
    }

    /** The same by one way. */
    public CheckTarget by(final Way way) {
        return new CheckTarget(spec, address, timing, List.of(way), source);
    }

    /**
     * {@code tcp 10.2.0.1:8080 every 2 s, timeout 1 s, rise 2, fall 3}; with {@code to 192.0.2.20
     * by dsr-gre} after the port where it goes that way.
     */
    @Override
    public String toString() {
        return spec.words()
                + " "
                + address.getAddress().getHostAddress()
                + (address.getPort() == 0 ? "" : ":" + address.getPort())
                + (source == null ? "" : " from " + source.getHostAddress())
                + wayWords()
                + terms().substring(spec.words().length());
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
        return spec.words()
                + " every "
                + words(timing.intervalNs())
                + (timing.downIntervalNs() == timing.intervalNs()
                        ? ""
                        : " (" + words(timing.downIntervalNs()) + " while down)")
                + ", timeout "
                + words(timing.timeoutNs())
                + ", rise "
                + timing.rise()
                + ", fall "
                + timing.fall();
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
