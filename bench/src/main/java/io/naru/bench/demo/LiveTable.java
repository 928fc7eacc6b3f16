package io.naru.bench.demo;

import io.naru.controlplane.cli.output.Terminal;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;

/**
 * The demo's table: one line a backend, drawn over itself on a terminal.
 *
 * <p>Without a terminal only {@link #line} prints, so that a log stays readable.
 */
final class LiveTable {
    private static final int SHARE_WIDTH = 20;
    private static final String RESET = "\033[0m";
    private static final String BOLD = "\033[1m";
    private static final String DIM = "\033[2m";
    private static final String GREEN = "\033[32m";
    private static final String RED = "\033[31m";
    private static final String YELLOW = "\033[33m";

    private final PrintStream out;
    private final boolean terminal;
    private final boolean colour;
    private int drawnLines;

    LiveTable(final PrintStream out, final boolean terminal) {
        this.out = out;
        this.terminal = terminal;
        colour = terminal && Terminal.wantsColour(System.getenv());
    }

    /**
     * One backend's line.
     *
     * @param state {@code up}, {@code drain}, {@code down} or {@code -} if it is not known yet.
     * @param requests that this backend has answered.
     * @param share of all answered requests, 0 to 1.
     */
    record Row(
            String backend,
            String state,
            long flows,
            double packetsPerSecond,
            double bitsPerSecond,
            long requests,
            double share) {}

    /** Draws the table over the one drawn before. */
    synchronized void draw(final String title, final List<Row> rows, final String footer) {
        if (terminal) {
            erase();
            print(title, rows, footer);
        }
    }

    /** Prints a line that stays, above the table. */
    synchronized void line(final String text) {
        erase();
        out.println(text);
        out.flush();
    }

    /** Prints the table once more, to stay. */
    synchronized void last(final List<Row> rows, final String footer) {
        erase();
        print("", rows, footer);
        drawnLines = 0;
    }

    private void erase() {
        if (drawnLines > 0) {
            out.printf("\033[%dA\033[J", drawnLines);
            drawnLines = 0;
        }
    }

    private void print(final String title, final List<Row> rows, final String footer) {
        final StringBuilder text = new StringBuilder();
        if (!title.isEmpty()) {
            text.append(paint(BOLD, title)).append("\n");
        }

        text.append(
                paint(
                        DIM,
                        String.format(
                                Locale.ROOT,
                                "  %-8s %-8s %7s %10s %12s %10s  %s",
                                "BACKEND",
                                "STATE",
                                "FLOWS",
                                "PACKETS/S",
                                "BITS/S",
                                "REQUESTS",
                                "SHARE")));
        text.append('\n');
        for (final Row row : rows) {
            text.append(
                    String.format(
                            Locale.ROOT,
                            "  %-8s %s %7d %10s %12s %10d  %s%n",
                            row.backend(),
                            state(row.state()),
                            row.flows(),
                            scaled(row.packetsPerSecond()),
                            scaled(row.bitsPerSecond()),
                            row.requests(),
                            bar(row.share())));
        }

        text.append(footer).append('\n');
        out.print(text);
        out.flush();
        drawnLines = (int) text.chars().filter(c -> c == '\n').count();
    }

    private String state(final String state) {
        final String symbol;
        final String tone;
        switch (state) {
            case "up" -> {
                symbol = "●";
                tone = GREEN;
            }
            case "drain" -> {
                symbol = "◐";
                tone = YELLOW;
            }
            case "down" -> {
                symbol = "✕";
                tone = RED;
            }
            default -> {
                symbol = "·";
                tone = DIM;
            }
        }

        return paint(tone, String.format(Locale.ROOT, "%s %-6s", symbol, state));
    }

    private String bar(final double share) {
        final int full = (int) Math.round(share * SHARE_WIDTH);
        return "█".repeat(full)
                + paint(DIM, "░".repeat(SHARE_WIDTH - full))
                + String.format(Locale.ROOT, " %3.0f %%", share * 100);
    }

    private String paint(final String tone, final String text) {
        return colour ? tone + text + RESET : text;
    }

    private static String scaled(final double value) {
        if (value >= 1e9) {
            return String.format(Locale.ROOT, "%.2f G", value / 1e9);
        }

        if (value >= 1e6) {
            return String.format(Locale.ROOT, "%.2f M", value / 1e6);
        }

        return value >= 1e3
                ? String.format(Locale.ROOT, "%.1f k", value / 1e3)
                : String.format(Locale.ROOT, "%.0f  ", value);
    }
}
