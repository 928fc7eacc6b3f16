package io.naru.controlplane.config;

import io.naru.controlplane.json.JsonObject;
import java.util.function.Function;
import java.util.function.Supplier;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/** A value without structure. */
final class ScalarType<T> implements ValueType<T> {
    /** What a scalar's text is taken for. */
    @FunctionalInterface
    interface Parser<T> {
        /**
         * @throws InvalidValueException if it is none.
         */
        T parse(ScalarNode node) throws InvalidValueException;
    }

    /** Why a text is not a value of the type. */
    static final class InvalidValueException extends Exception {
        private static final long serialVersionUID = 1L;

        private final String hint;

        /**
         * @param text goes after the path: {@code must be …}.
         * @param hint may be null.
         */
        InvalidValueException(final String text, final String hint) {
            super(text, null, false, false);
            this.hint = hint;
        }
    }

    private final String label;
    private final Parser<T> parser;
    private final Function<T, Object> writer;
    private final Supplier<JsonObject> schema;

    ScalarType(
            final String label,
            final Parser<T> parser,
            final Function<T, Object> writer,
            final Supplier<JsonObject> schema) {
        this.label = label;
        this.parser = parser;
        this.writer = writer;
        this.schema = schema;
    }

    @Override
    public T read(final Node node, final String path, final Problems problems) {
        if (!(node instanceof ScalarNode scalar)) {
            problems.error(node, path, mustBe(label, node), null);
            return null;
        }
        try {
            return parser.parse(scalar);
        } catch (final InvalidValueException ex) {
            problems.error(node, path, ex.getMessage(), ex.hint);
            return null;
        }
    }

    @Override
    @SuppressWarnings("unchecked") // keys bind their type to the component they read
    public Object write(final Object value) {
        return writer.apply((T) value);
    }

    @Override
    public String label() {
        return label;
    }

    @Override
    public JsonObject schema() {
        return schema.get();
    }

    static String mustBe(final String expected, final Node node) {
        return "must be " + expected + ", not " + describe(node);
    }

    private static String describe(final Node node) {
        if (node instanceof SequenceNode) {
            return "a list";
        }
        if (node instanceof MappingNode) {
            return "a mapping";
        }
        final ScalarNode scalar = (ScalarNode) node;
        if (scalar.getTag().equals(Tag.NULL)) {
            return "nothing";
        }

        return (scalar.isPlain() ? "" : "the text ") + "'" + shorten(scalar.getValue()) + "'";
    }

    static String shorten(final String text) {
        return text.length() <= 60 ? text : text.substring(0, 60) + "…";
    }
}
