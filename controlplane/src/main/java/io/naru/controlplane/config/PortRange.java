package io.naru.controlplane.config;

import java.util.Optional;

/**
 * The ports of a service, host order, both ends included.
 *
 * @param first first port; 0 only in {@link #ANY}.
 * @param last last port, at least {@code first}.
 */
public record PortRange(int first, int last) {
    public static final PortRange ANY = new PortRange(0, 65_535);

    public static PortRange of(final int port) {
        return new PortRange(port, port);
    }

    /** Reads {@code 80}, {@code 8000-8010} or {@code any}. */
    public static Optional<PortRange> parse(final String text) {
        if (text.equals("any")) {
            return Optional.of(ANY);
        }
        final int dash = text.indexOf('-');
        final int first = parsePort(dash < 0 ? text : text.substring(0, dash));
        final int last = dash < 0 ? first : parsePort(text.substring(dash + 1));
        return first > 0 && last >= first
                ? Optional.of(new PortRange(first, last))
                : Optional.empty();
    }

    /** Returns the port, or -1 if {@code text} is not a decimal number of 1..65535. */
    static int parsePort(final String text) {
        if (text.isEmpty() || text.length() > 5 || text.charAt(0) == '0') {
            return -1;
        }
        int port = 0;
        for (int i = 0; i < text.length(); i++) {
            final char c = text.charAt(i);
            if (c < '0' || c > '9') {
                return -1;
            }
            port = port * 10 + (c - '0');
        }

        return port <= 65_535 ? port : -1;
    }

    public boolean isAny() {
        return first == 0;
    }

    public boolean isSingle() {
        return first == last;
    }

    public boolean overlaps(final PortRange other) {
        return first <= other.last && other.first <= last;
    }

    @Override
    public String toString() {
        if (isAny()) {
            return "any";
        }
        return isSingle() ? Integer.toString(first) : first + "-" + last;
    }
}
