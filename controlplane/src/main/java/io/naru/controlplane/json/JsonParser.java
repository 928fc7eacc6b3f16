package io.naru.controlplane.json;

import java.util.ArrayList;
import java.util.List;

/**
 * Parses exactly RFC 8259, no extension: what a hostile client sends ends in a {@link
 * JsonException}.
 */
final class JsonParser {
    /** Nesting deeper than this is refused: recursion must not exhaust the stack. */
    private static final int MAX_DEPTH = 64;

    private static final char END = '\uffff'; // a non-character: never valid in our input

    private final String text;
    private int position;
    private int depth;

    JsonParser(final String text) {
        this.text = text;
    }

    Object parse() {
        final Object value = value();
        skipWhiteSpace();
        if (position < text.length()) {
            throw unexpected("the end");
        }

        return value;
    }

    private Object value() {
        skipWhiteSpace();
        return switch (peek()) {
            case '{' -> object();
            case '[' -> array();
            case '"' -> string();
            case 't' -> literal("true", true);
            case 'f' -> literal("false", false);
            case 'n' -> literal("null", null);
            case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> number();
            default -> throw unexpected("a value");
        };
    }

    private JsonObject object() {
        enter();
        final JsonObject object = new JsonObject();
        skipWhiteSpace();
        if (!accept('}')) {
            do {
                skipWhiteSpace();
                if (peek() != '"') {
                    throw unexpected("a name in quotes");
                }
                final String name = string();
                if (object.members().containsKey(name)) {
                    throw error("'" + name + "' is given twice");
                }
                skipWhiteSpace();
                expect(':');
                object.put(name, value());
                skipWhiteSpace();
            } while (accept(','));
            expect('}');
        }
        depth--;

        return object;
    }

    private List<Object> array() {
        enter();
        final List<Object> values = new ArrayList<>();
        skipWhiteSpace();
        if (!accept(']')) {
            do {
                values.add(value());
                skipWhiteSpace();
            } while (accept(','));
            expect(']');
        }
        depth--;

        return values;
    }

    private void enter() {
        position++;
        if (++depth > MAX_DEPTH) {
            throw error("nested deeper than " + MAX_DEPTH);
        }
    }

    private String string() {
        position++;
        final StringBuilder out = new StringBuilder();
        while (true) {
            final char c = peek();
            if (position >= text.length() || c < 0x20) {
                throw unexpected("a closing '\"'");
            }
            position++;
            if (c == '"') {
                return out.toString();
            }
            out.append(c == '\\' ? escape() : c);
        }
    }

    private char escape() {
        final char c = peek();
        position++;
        return switch (c) {
            case '"', '\\', '/' -> c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> unicode();
            default -> {
                position--;
                throw unexpected("an escape: \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
            }
        };
    }

    private char unicode() {
        int code = 0;
        for (int i = 0; i < 4; i++) {
            final char c = peek();
            final int digit = c < 0x80 ? Character.digit(c, 16) : -1;
            if (digit < 0) {
                throw unexpected("four hexadecimal digits");
            }
            code = code << 4 | digit;
            position++;
        }

        return (char) code;
    }

    private Object literal(final String word, final Object value) {
        if (!text.startsWith(word, position)) {
            throw unexpected("true, false or null");
        }
        position += word.length();

        return value;
    }

    private Number number() {
        final int start = position;
        accept('-');
        if (!accept('0')) {
            digits();
        }
        boolean whole = true;
        if (accept('.')) {
            whole = false;
            digits();
        }
        if (accept('e') || accept('E')) {
            whole = false;
            if (!accept('+')) {
                accept('-');
            }
            digits();
        }

        final String number = text.substring(start, position);
        try {
            return whole ? (Number) Long.valueOf(number) : (Number) Double.valueOf(number);
        } catch (final NumberFormatException e) {
            throw error("number out of range: " + number);
        }
    }

    private void digits() {
        if (!isDigit(peek())) {
            throw unexpected("a digit");
        }
        while (isDigit(peek())) {
            position++;
        }
    }

    private static boolean isDigit(final char c) {
        return c >= '0' && c <= '9';
    }

    private void skipWhiteSpace() {
        while (true) {
            final char c = peek();
            if (c != ' ' && c != '\n' && c != '\r' && c != '\t') {
                return;
            }
            position++;
        }
    }

    private char peek() {
        return position < text.length() ? text.charAt(position) : END;
    }

    private boolean accept(final char c) {
        if (position < text.length() && text.charAt(position) == c) {
            position++;
            return true;
        }

        return false;
    }

    private void expect(final char c) {
        if (!accept(c)) {
            throw unexpected("'" + c + "'");
        }
    }

    private JsonException unexpected(final String expected) {
        return error(
                "expected "
                        + expected
                        + (position < text.length()
                                ? ", not " + printable(text.charAt(position))
                                : ", not the end of the text"));
    }

    private static String printable(final char c) {
        return c >= 0x20 && c < 0x7f ? "'" + c + "'" : String.format("U+%04X", (int) c);
    }

    private JsonException error(final String message) {
        int line = 1;
        int column = 1;
        for (int i = 0; i < Math.min(position, text.length()); i++) {
            if (text.charAt(i) == '\n') {
                line++;
                column = 1;
            } else {
                column++;
            }
        }

        return new JsonException("line " + line + ", column " + column + ": " + message);
    }
}
