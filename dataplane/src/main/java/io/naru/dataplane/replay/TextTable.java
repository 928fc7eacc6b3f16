package io.naru.dataplane.replay;

import java.util.ArrayList;
import java.util.List;

/** Aligns columns, two spaces apart. */
final class TextTable {
    private final boolean[] isRightAligned;
    private final List<String[]> rows = new ArrayList<>();

    /**
     * @param headings a column whose heading begins with {@code >} is aligned to the right.
     */
    TextTable(final String... headings) {
        isRightAligned = new boolean[headings.length];
        final String[] row = new String[headings.length];
        for (int i = 0; i < headings.length; i++) {
            isRightAligned[i] = headings[i].startsWith(">");
            row[i] = isRightAligned[i] ? headings[i].substring(1) : headings[i];
        }
        rows.add(row);
    }

    void row(final Object... cells) {
        final String[] row = new String[cells.length];
        for (int i = 0; i < cells.length; i++) {
            row[i] = String.valueOf(cells[i]);
        }
        rows.add(row);
    }

    @Override
    public String toString() {
        final int[] widths = new int[isRightAligned.length];
        for (final String[] row : rows) {
            for (int i = 0; i < row.length; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }

        final StringBuilder text = new StringBuilder();
        for (final String[] row : rows) {
            final StringBuilder line = new StringBuilder();
            for (int i = 0; i < row.length; i++) {
                final String pad = " ".repeat(widths[i] - row[i].length());
                line.append(i == 0 ? "" : "  ")
                        .append(isRightAligned[i] ? pad + row[i] : row[i] + pad);
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }

        return text.toString();
    }
}
