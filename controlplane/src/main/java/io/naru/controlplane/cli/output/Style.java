package io.naru.controlplane.cli.output;

/** Colours words, or leaves them as they are. */
public final class Style {
    public static final Style PLAIN = new Style(false);

    private static final Style COLOURED = new Style(true);

    private static final String RESET = "\u001b[0m";

    private final boolean coloured;

    private Style(final boolean coloured) {
        this.coloured = coloured;
    }

    public static Style of(final boolean coloured) {
        return coloured ? COLOURED : PLAIN;
    }

    public boolean isColoured() {
        return coloured;
    }

    /** As it should be. */
    public String green(final String text) {
        return paint("32", text);
    }

    /** Deserves a look. */
    public String yellow(final String text) {
        return paint("33", text);
    }

    /** Broken. */
    public String red(final String text) {
        return paint("31", text);
    }

    public String bold(final String text) {
        return paint("1", text);
    }

    /** Matters less than what is beside it. */
    public String dim(final String text) {
        return paint("2", text);
    }

    /** How many columns {@code text} takes, escape sequences not counted. */
    static int width(final String text) {
        int width = 0;
        boolean escape = false;
        for (int i = 0; i < text.length(); i++) {
            final char c = text.charAt(i);
            if (c == '\u001b') {
                escape = true;
            } else if (escape) {
                escape = c != 'm';
            } else if (!Character.isLowSurrogate(c)) {
                width++;
            }
        }

        return width;
    }

    private String paint(final String code, final String text) {
        return coloured && !text.isEmpty() ? "\u001b[" + code + "m" + text + RESET : text;
    }
}
