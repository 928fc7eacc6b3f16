package io.naru.controlplane.json;

import java.util.Iterator;
import java.util.Map;

/** Reads and writes JSON text. */
public final class Json {
    private static final String HEX = "0123456789abcdef";

    private Json() {}

    /**
     * Parses one JSON value.
     *
     * @param text the whole text; nothing but white space may follow the value.
     * @return the value, see the package.
     * @throws JsonException saying what was expected and at which line and column.
     */
    public static Object parse(final String text) {
        return new JsonParser(text).parse();
    }

    /**
     * Parses text that must be one object.
     *
     * @param text the whole text.
     * @return the object.
     * @throws JsonException if it is anything else.
     */
    public static JsonObject parseObject(final String text) {
        if (parse(text) instanceof JsonObject object) {
            return object;
        }

        throw new JsonException("expected a JSON object: {\"name\": value, ...}");
    }

    /**
     * Writes a value on one line.
     *
     * @param value see {@link JsonObject#put}.
     * @return the text.
     */
    public static String format(final Object value) {
        final StringBuilder out = new StringBuilder(256);
        write(out, value, -1);
        return out.toString();
    }

    /**
     * Writes a value indented by two spaces a level, for people.
     *
     * @param value see {@link JsonObject#put}.
     * @return the text, without a line feed at its end.
     */
    public static String pretty(final Object value) {
        final StringBuilder out = new StringBuilder(1024);
        write(out, value, 0);
        return out.toString();
    }

    private static void write(final StringBuilder out, final Object value, final int indent) {
        if (value == null || value instanceof Boolean) {
            out.append(value);
        } else if (value instanceof Number number) {
            writeNumber(out, number);
        } else if (value instanceof JsonObject object) {
            writeObject(out, object, indent);
        } else if (value instanceof Iterable<?> values) {
            writeArray(out, values, indent);
        } else {
            writeString(out, value.toString());
        }
    }

    private static void writeObject(
            final StringBuilder out, final JsonObject object, final int indent) {
        if (object.members().isEmpty()) {
            out.append("{}");
            return;
        }

        char separator = '{';
        for (final Map.Entry<String, Object> member : object.members().entrySet()) {
            out.append(separator);
            separator = ',';
            newLine(out, indent, 1);
            writeString(out, member.getKey());
            out.append(indent < 0 ? ":" : ": ");
            write(out, member.getValue(), indent < 0 ? indent : indent + 1);
        }
        newLine(out, indent, 0);
        out.append('}');
    }

    private static void writeArray(
            final StringBuilder out, final Iterable<?> values, final int indent) {
        final Iterator<?> iterator = values.iterator();
        if (!iterator.hasNext()) {
            out.append("[]");
            return;
        }

        char separator = '[';
        while (iterator.hasNext()) {
            out.append(separator);
            separator = ',';
            newLine(out, indent, 1);
            write(out, iterator.next(), indent < 0 ? indent : indent + 1);
        }
        newLine(out, indent, 0);
        out.append(']');
    }

    private static void newLine(final StringBuilder out, final int indent, final int extra) {
        if (indent >= 0) {
            out.append('\n').append("  ".repeat(indent + extra));
        }
    }

    private static void writeNumber(final StringBuilder out, final Number number) {
        if (number instanceof Double || number instanceof Float) {
            final double value = number.doubleValue();
            if (Double.isNaN(value) || Double.isInfinite(value)) {
                out.append("null"); // JSON has neither
            } else if (value == Math.rint(value) && Math.abs(value) < 1e15) {
                out.append((long) value);
            } else {
                out.append(value);
            }
        } else {
            out.append(number);
        }
    }

    private static void writeString(final StringBuilder out, final String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            final char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    // DEL and the C1 controls are legal JSON, but a terminal would obey them.
                    if (c < 0x20 || (c >= 0x7f && c < 0xa0) || Character.isSurrogate(c)) {
                        writeEscaped(out, c);
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }

    private static void writeEscaped(final StringBuilder out, final char c) {
        out.append("\\u")
                .append(HEX.charAt(c >> 12))
                .append(HEX.charAt((c >> 8) & 0xf))
                .append(HEX.charAt((c >> 4) & 0xf))
                .append(HEX.charAt(c & 0xf));
    }
}
