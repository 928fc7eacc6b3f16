package io.naru.controlplane.cli.output;

import io.naru.controlplane.config.ConfigDiff;
import io.naru.controlplane.config.ConfigDiff.Change;
import io.naru.controlplane.config.ConfigDiff.Field;
import io.naru.controlplane.config.ConfigDiff.Kind;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A difference of configurations for people: a line for each thing that is added ({@code +}),
 * removed ({@code -}), or each field that is changed ({@code ~}).
 */
public final class DiffText {
    private final Style style;
    private final StringBuilder out = new StringBuilder();

    private DiffText(final Style style) {
        this.style = style;
    }

    /** Lines that each end in a line feed; the last one counts, and says so if there is nothing. */
    public static String format(final ConfigDiff diff, final Style style) {
        return new DiffText(style).append(diff);
    }

    private String append(final ConfigDiff diff) {
        final int titleWidth =
                diff.changes().stream().mapToInt(c -> c.title().length()).max().orElse(0);
        final int keyWidth =
                diff.changes().stream()
                        .filter(change -> change.kind() == Kind.CHANGED)
                        .flatMap(change -> change.fields().stream())
                        .mapToInt(field -> field.key().length())
                        .max()
                        .orElse(0);
        for (final Change change : diff.changes()) {
            if (change.kind() == Kind.CHANGED) {
                change.fields().forEach(field -> appendField(change, field, titleWidth, keyWidth));
            } else {
                appendWhole(change, titleWidth);
            }
        }
        appendSummary(diff);

        return out.toString();
    }

    private void appendWhole(final Change change, final int titleWidth) {
        final boolean added = change.kind() == Kind.ADDED;
        final String fields =
                change.fields().stream()
                        .filter(field -> isShort(field.key()))
                        .map(
                                field ->
                                        shorten(field.key())
                                                + " "
                                                + (added ? field.after() : field.before()))
                        .collect(Collectors.joining(", "));
        final String line =
                change.kind().sign() + " " + padded(change.title(), titleWidth) + "  " + fields;
        out.append(added ? style.green(line.stripTrailing()) : style.red(line.stripTrailing()));
        out.append(restart(change.needsRestart())).append('\n');
    }

    private void appendField(
            final Change change, final Field field, final int titleWidth, final int keyWidth) {
        final String line =
                change.kind().sign()
                        + " "
                        + padded(change.title(), titleWidth)
                        + "  "
                        + padded(field.key(), keyWidth)
                        + "  "
                        + value(field.before())
                        + " -> "
                        + value(field.after());
        out.append(style.yellow(line)).append(restart(field.restart())).append('\n');
    }

    private void appendSummary(final ConfigDiff diff) {
        if (diff.isEmpty()) {
            out.append("no difference\n");
            return;
        }
        final Set<String> restarts = new LinkedHashSet<>();
        for (final Change change : diff.changes()) {
            if (change.needsRestart()) {
                restarts.add(change.title());
            }
        }
        out.append(diff.count(Kind.ADDED))
                .append(" added, ")
                .append(diff.count(Kind.REMOVED))
                .append(" removed, ")
                .append(diff.count(Kind.CHANGED))
                .append(" changed");
        if (!restarts.isEmpty()) {
            out.append("; needs a restart of the data plane: ").append(String.join(", ", restarts));
        }
        out.append('\n');
    }

    /** Of a check, that there is one is enough where a whole pool comes or goes. */
    private static boolean isShort(final String key) {
        return key.indexOf('.') < 0 || key.endsWith(".type");
    }

    private static String shorten(final String key) {
        final int dot = key.indexOf('.');
        return dot < 0 ? key : key.substring(0, dot);
    }

    private static String restart(final boolean needed) {
        return needed ? "  (restart)" : "";
    }

    private static String value(final String text) {
        return text == null ? "(default)" : text;
    }

    private static String padded(final String text, final int width) {
        return text + " ".repeat(width - text.length());
    }
}
