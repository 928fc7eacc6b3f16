package io.naru.controlplane.cli.output;

import java.util.ArrayList;
import java.util.List;

/**
 * Lines up cells in columns, two spaces apart.
 *
 * <p>Columns are as wide as their widest cell; the last one is not padded, so lines do not end in
 * spaces. A cell that is null or empty is shown as {@code -}.
 */
public final class Table {
    private static final String GAP = "  ";
    private static final String NOTHING = "-";

    private record Column(String title, boolean right, boolean wideOnly) {}

    private final List<Column> columns = new ArrayList<>();
    private final List<String[]> rows = new ArrayList<>();

    /** A column of text. */
    public Table left(final String title) {
        columns.add(new Column(title, false, false));
        return this;
    }

    /** A column of numbers. */
    public Table right(final String title) {
        columns.add(new Column(title, true, false));
        return this;
    }

    /** A column of text that only {@code -o wide} shows. */
    public Table wideLeft(final String title) {
        columns.add(new Column(title, false, true));
        return this;
    }

    /** A column of numbers that only {@code -o wide} shows. */
    public Table wideRight(final String title) {
        columns.add(new Column(title, true, true));
        return this;
    }

    /** One cell for each column, those for {@code -o wide} included. */
    public Table row(final Object... cells) {
        if (cells.length != columns.size()) {
            throw new IllegalArgumentException(
                    cells.length + " cells for " + columns.size() + " columns");
        }
        final String[] row = new String[cells.length];
        for (int i = 0; i < row.length; i++) {
            final String text = cells[i] == null ? "" : cells[i].toString();
            row[i] = text.isEmpty() ? NOTHING : printable(text);
        }
        rows.add(row);
        return this;
    }

    public int size() {
        return rows.size();
    }

    /** The lines, each with a line feed; the titles first. */
    public String format(final boolean wide, final Style style) {
        final int[] shown = shownColumns(wide);
        final int[] widths = new int[shown.length];
        for (int i = 0; i < shown.length; i++) {
            widths[i] = Style.width(columns.get(shown[i]).title);
            for (final String[] row : rows) {
                widths[i] = Math.max(widths[i], Style.width(row[shown[i]]));
            }
        }

        final StringBuilder out = new StringBuilder();
        final String[] titles = new String[columns.size()];
        for (int i = 0; i < titles.length; i++) {
            titles[i] = style.bold(columns.get(i).title);
        }
        appendLine(out, titles, shown, widths);
        rows.forEach(row -> appendLine(out, row, shown, widths));

        return out.toString();
    }

    private int[] shownColumns(final boolean wide) {
        final List<Integer> shown = new ArrayList<>();
        for (int i = 0; i < columns.size(); i++) {
            if (wide || !columns.get(i).wideOnly) {
                shown.add(i);
            }
        }

        return shown.stream().mapToInt(Integer::intValue).toArray();
    }

    private void appendLine(
            final StringBuilder out, final String[] cells, final int[] shown, final int[] widths) {
        for (int i = 0; i < shown.length; i++) {
            final String cell = cells[shown[i]];
            final String padding = " ".repeat(widths[i] - Style.width(cell));
            final boolean right = columns.get(shown[i]).right;
            out.append(right ? padding : "").append(cell);
            if (i < shown.length - 1) {
                out.append(right ? "" : padding).append(GAP);
            }
        }
        out.append('\n');
    }

    /** What came from elsewhere must not move the cursor; our own colours may. */
    private static String printable(final String text) {
        for (int i = 0; i < text.length(); i++) {
            final char c = text.charAt(i);
            if (Character.isISOControl(c) && c != '\u001b') {
                return text.replaceAll("[\\p{Cntrl}&&[^\u001b]]", "?");
            }
        }

        return text;
    }
}
