package io.naru.controlplane.cli;

import io.naru.controlplane.cli.output.Style;

/** Lines of a title and a text, lined up; what is not known is left out. */
final class Description {
    private static final int TITLE_WIDTH = 14;

    private final Style style;
    private final StringBuilder out = new StringBuilder();

    Description(final Style style) {
        this.style = style;
    }

    Description line(final String title, final String text) {
        if (text != null && !text.isEmpty()) {
            out.append(style.bold(title))
                    .append(" ".repeat(Math.max(1, TITLE_WIDTH - title.length())))
                    .append(text)
                    .append('\n');
        }
        return this;
    }

    String text() {
        return out.toString();
    }
}
