package io.naru.controlplane.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.Node;

/** Collects what is wrong with one file while it is read. */
final class Problems {
    private static final int MAX_PROBLEMS = 1_000;

    /**
     * Mappings that are read, an aliased one each time: more than there can be services, pools,
     * backends and checks. Without it a small file of nested aliases would become gigabytes.
     */
    private static final int MAX_SECTIONS = 100_000;

    private final String file;
    private final List<String> lines;
    private final List<Problem> problems = new ArrayList<>();
    private boolean failed;
    private int sections;

    Problems(final String file, final String source) {
        this.file = file;
        this.lines = source.lines().toList();
    }

    void error(final Node node, final String path, final String text, final String hint) {
        add(Problem.Severity.ERROR, node.getStartMark(), node.getEndMark(), path, text, hint);
    }

    void warning(final Node node, final String path, final String text, final String hint) {
        add(Problem.Severity.WARNING, node.getStartMark(), node.getEndMark(), path, text, hint);
    }

    /** An error of which only the place is known, or not even that. */
    void error(final Optional<Mark> mark, final String text, final String hint) {
        add(Problem.Severity.ERROR, mark, Optional.empty(), "", text, hint);
    }

    /**
     * Counts a mapping that is about to be read.
     *
     * @throws LimitException if it is one too many.
     */
    void countSection(final Node node) {
        if (++sections > MAX_SECTIONS) {
            throw new LimitException(
                    "with its aliases the file has more than " + MAX_SECTIONS + " mappings",
                    node.getStartMark());
        }
    }

    boolean hasErrors() {
        return failed;
    }

    /** In the file's order. */
    List<Problem> toList() {
        return problems.stream()
                .sorted(Comparator.comparingInt(Problem::line).thenComparingInt(Problem::column))
                .toList();
    }

    private void add(
            final Problem.Severity severity,
            final Optional<Mark> start,
            final Optional<Mark> end,
            final String path,
            final String text,
            final String hint) {
        failed |= severity == Problem.Severity.ERROR;
        if (problems.size() == MAX_PROBLEMS) {
            return;
        }
        final int line = start.map(Mark::getLine).orElse(-1);
        final int column = start.map(Mark::getColumn).orElse(-1);
        final String sourceLine = line >= 0 && line < lines.size() ? lines.get(line) : null;
        problems.add(
                new Problem(
                        severity,
                        file,
                        line + 1,
                        column + 1,
                        lengthOf(line, column, end, sourceLine),
                        path,
                        text,
                        hint,
                        sourceLine));
    }

    /** Up to the end of the node, or of its first line. */
    private static int lengthOf(
            final int line, final int column, final Optional<Mark> end, final String sourceLine) {
        if (end.isEmpty() || sourceLine == null) {
            return 1;
        }
        final int endColumn =
                end.get().getLine() == line
                        ? end.get().getColumn()
                        : sourceLine
                                .stripTrailing()
                                .codePointCount(0, sourceLine.stripTrailing().length());
        return Math.max(1, endColumn - column);
    }
}
