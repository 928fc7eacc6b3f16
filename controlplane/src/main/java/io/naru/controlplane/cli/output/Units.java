package io.naru.controlplane.cli.output;

import java.util.Locale;

/** Numbers as people read them: three digits and a prefix. */
public final class Units {
    private static final String PREFIXES = "kMGTPE";

    private Units() {}

    /** {@code 950}, {@code 12.3k}, {@code 4.56M}: decimal, as counts of packets and flows are. */
    public static String count(final long value) {
        return scaled((double) value, "");
    }

    /** {@code 9.41 Gbit/s}. */
    public static String bitsPerSecond(final double value) {
        return spaced(value, "bit/s");
    }

    /** {@code 1.49 Mp/s}. */
    public static String packetsPerSecond(final double value) {
        return spaced(value, "p/s");
    }

    /** {@code 10.5 MB}: decimal. */
    public static String bytes(final double value) {
        return spaced(value, "B");
    }

    /** The two largest parts: {@code 350ms}, {@code 12s}, {@code 3m12s}, {@code 5d4h}. */
    public static String duration(final long millis) {
        if (millis < 1_000) {
            return Math.max(0, millis) + "ms";
        }
        final long seconds = millis / 1_000;
        if (seconds < 60) {
            return seconds + "s";
        }
        if (seconds < 3_600) {
            return parts(seconds / 60, "m", seconds % 60, "s");
        }
        if (seconds < 86_400) {
            return parts(seconds / 3_600, "h", seconds % 3_600 / 60, "m");
        }

        return parts(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h");
    }

    private static String parts(
            final long big, final String bigUnit, final long small, final String smallUnit) {
        return big + bigUnit + (small == 0 ? "" : small + smallUnit);
    }

    private static String spaced(final double value, final String unit) {
        return scaled(value, " ") + unit;
    }

    private static String scaled(final double value, final String gap) {
        double rest = value;
        int prefix = -1;
        while (Math.abs(rest) >= 999.5 && prefix < PREFIXES.length() - 1) {
            rest /= 1_000;
            prefix++;
        }
        if (prefix < 0) {
            return (rest == Math.rint(rest) || rest >= 99.95
                            ? Long.toString(Math.round(rest))
                            : String.format(Locale.ROOT, "%.1f", rest))
                    + gap;
        }
        final int digits = Math.abs(rest) < 9.995 ? 2 : Math.abs(rest) < 99.95 ? 1 : 0;

        return String.format(Locale.ROOT, "%." + digits + "f", rest)
                + gap
                + PREFIXES.charAt(prefix);
    }
}
