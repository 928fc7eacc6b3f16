package io.naru.controlplane.health;

import java.nio.charset.StandardCharsets;

/**
 * Octets as people write and read them: text in UTF-8, with {@code \r}, {@code \n}, {@code \t},
 * {@code \0}, {@code \\} and {@code \x1f} for the rest.
 *
 * <p>Here they are strings of characters 0..255, one an octet (ISO 8859-1), so that texts can be
 * looked for in them.
 */
public final class Octets {
    private static final int SHOWN = 60;

    private Octets() {}

    /**
     * The octets that a text says.
     *
     * @throws IllegalArgumentException if an escape is none; the message says which.
     */
    public static String parse(final String text) {
        final String bytes =
                new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        final StringBuilder octets = new StringBuilder(bytes.length());
        for (int i = 0; i < bytes.length(); i++) {
            final char c = bytes.charAt(i);
            if (c != '\\') {
                octets.append(c);
                continue;
            }

            final char escaped = ++i < bytes.length() ? bytes.charAt(i) : 0;
            switch (escaped) {
                case 'r' -> octets.append('\r');
                case 'n' -> octets.append('\n');
                case 't' -> octets.append('\t');
                case '0' -> octets.append('\0');
                case '\\' -> octets.append('\\');
                case 'x' -> {
                    if (i + 2 >= bytes.length()
                            || Character.digit(bytes.charAt(i + 1), 16) < 0
                            || Character.digit(bytes.charAt(i + 2), 16) < 0) {
                        throw new IllegalArgumentException(
                                "\\x needs two hexadecimal digits, as in \\x0a");
                    }
                    octets.append((char) Integer.parseInt(bytes.substring(i + 1, i + 3), 16));
                    i += 2;
                }
                default ->
                        throw new IllegalArgumentException(
                                "'\\"
                                        + (escaped == 0 ? "" : escaped)
                                        + "' is no escape; there are \\r \\n \\t \\0 \\\\ \\x1f");
            }
        }

        return octets.toString();
    }

    /** Octets for people: at most 60, what cannot be shown escaped. */
    public static String shown(final String octets) {
        final StringBuilder text = new StringBuilder();
        for (int i = 0; i < octets.length() && text.length() < SHOWN; i++) {
            final char c = octets.charAt(i);
            switch (c) {
                case '\r' -> text.append("\\r");
                case '\n' -> text.append("\\n");
                case '\t' -> text.append("\\t");
                default ->
                        text.append(
                                c >= ' ' && c < 0x7f
                                        ? String.valueOf(c)
                                        : "\\x%02x".formatted(c & 0xff));
            }
        }

        return text.length() < SHOWN ? text.toString() : text + "…";
    }
}
