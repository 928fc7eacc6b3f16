package io.naru.controlplane.config;

import io.naru.controlplane.json.JsonObject;
import java.util.List;

/** Prints the problems of a configuration file, for people and for programs. */
public final class ProblemReport {
    private static final int MAX_SHOWN = 100;
    private static final int MAX_LINE_WIDTH = 96;
    private static final String RED = "\u001b[31m";
    private static final String YELLOW = "\u001b[33m";
    private static final String BOLD = "\u001b[1m";
    private static final String RESET = "\u001b[0m";

    private final StringBuilder out = new StringBuilder();
    private final boolean colour;

    private ProblemReport(final boolean colour) {
        this.colour = colour;
    }

    /** All problems without colour; see {@link #text(List, boolean)}. */
    public static String text(final List<Problem> problems) {
        return text(problems, false);
    }

    /**
     * Each problem as {@code file:line:column: error: path: text}, the line of the file, a caret
     * below and the hint; with the number of errors at the end.
     *
     * @return lines that each end in a line feed; empty if there are no problems.
     */
    public static String text(final List<Problem> problems, final boolean colour) {
        final ProblemReport report = new ProblemReport(colour);
        problems.stream().limit(MAX_SHOWN).forEach(report::append);
        if (problems.size() > MAX_SHOWN) {
            report.out.append("and ").append(problems.size() - MAX_SHOWN).append(" more\n");
        }

        final long errors = problems.stream().filter(Problem::isError).count();
        if (errors > 0) {
            report.out
                    .append(errors)
                    .append(errors == 1 ? " error" : " errors")
                    .append("; nothing was changed.\n");
        }

        return report.out.toString();
    }

    /** Each problem as a JSON object, for the API and {@code -o json}. */
    public static List<JsonObject> json(final List<Problem> problems) {
        return problems.stream().map(ProblemReport::json).toList();
    }

    private static JsonObject json(final Problem problem) {
        return new JsonObject()
                .put("severity", problem.isError() ? "error" : "warning")
                .put("file", problem.file())
                .put("line", problem.line())
                .put("column", problem.column())
                .put("path", problem.path())
                .put("message", problem.text())
                .putIfPresent("hint", problem.hint());
    }

    private void append(final Problem problem) {
        out.append(paint(BOLD, place(problem)))
                .append(": ")
                .append(problem.isError() ? paint(RED, "error") : paint(YELLOW, "warning"))
                .append(": ");
        if (!problem.path().isEmpty()) {
            out.append(printable(problem.path())).append(": ");
        }
        out.append(printable(problem.text())).append('\n');
        if (problem.sourceLine() != null) {
            appendSource(problem);
        }
        if (problem.hint() != null) {
            out.append("      hint: ").append(printable(problem.hint())).append('\n');
        }
    }

    private static String place(final Problem problem) {
        final String file = printable(problem.file());
        return problem.line() == 0 ? file : file + ":" + problem.line() + ":" + problem.column();
    }

    /** The line, cut to a window around the column where it is long, and the caret below it. */
    private void appendSource(final Problem problem) {
        final int[] characters = problem.sourceLine().codePoints().toArray();
        final int column = Math.min(problem.column() - 1, characters.length);
        final int from = characters.length <= MAX_LINE_WIDTH ? 0 : Math.max(0, column - 40);
        final int to = Math.min(characters.length, from + MAX_LINE_WIDTH);

        final String number = String.valueOf(problem.line());
        out.append(" ".repeat(Math.max(0, 5 - number.length()))).append(number).append(" | ");
        out.append(from > 0 ? "…" : "");
        for (int i = from; i < to; i++) {
            out.appendCodePoint(printable(characters[i]));
        }
        out.append(to < characters.length ? "…" : "").append('\n');

        out.append("      | ").append(from > 0 ? " " : "");
        for (int i = from; i < column; i++) {
            out.append(characters[i] == '\t' ? '\t' : ' '); // so that tabs are as wide as above
        }
        final int length = Math.max(1, Math.min(problem.length(), to - column));
        out.append(paint(problem.isError() ? RED : YELLOW, "^" + "~".repeat(length - 1)));
        out.append('\n');
    }

    private String paint(final String code, final String text) {
        return colour ? code + text + RESET : text;
    }

    /** A file from elsewhere must not be able to send escape sequences to a terminal. */
    private static int printable(final int character) {
        return Character.isISOControl(character) && character != '\t' ? '?' : character;
    }

    private static String printable(final String text) {
        final StringBuilder clean = new StringBuilder(text.length());
        text.codePoints().map(ProblemReport::printable).forEach(clean::appendCodePoint);
        return clean.toString();
    }
}
