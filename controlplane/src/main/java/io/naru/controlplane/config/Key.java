package io.naru.controlplane.config;

import java.util.function.Function;

/**
 * All that there is to know of one key of the configuration file: the reader, the writer, the JSON
 * schema, the reference page and the difference of two configurations work from it.
 *
 * @param <R> the record that has its value.
 * @param <T> the type that the reader makes of it.
 */
final class Key<R, T> {
    private final String name;
    private final ValueType<T> type;
    private final String doc;
    private Function<R, ?> component;
    private T defaultValue;
    private T absent;
    private String defaultText;
    private boolean required;
    private boolean restart;
    private String example;
    private String since = "0.1";

    private Key(final String name, final ValueType<T> type, final String doc) {
        this.name = name;
        this.type = type;
        this.doc = doc;
    }

    /** {@code doc} is one or two sentences that end with a full stop. */
    static <R, T> Key<R, T> of(final String name, final ValueType<T> type, final String doc) {
        return new Key<>(name, type, doc);
    }

    /**
     * Where its value is in the record; null there is "not given", and so is what {@link #absentAs}
     * says.
     */
    Key<R, T> component(final Function<R, ?> newComponent) {
        this.component = newComponent;
        return this;
    }

    /** The value when it is not given, which is written nevertheless. */
    Key<R, T> defaultsTo(final T value) {
        this.defaultValue = value;
        return this;
    }

    /** The value when it is not given; what few say is written only where it is another. */
    Key<R, T> defaultsQuietlyTo(final T value) {
        return defaultsTo(value).absentAs(value);
    }

    /** What the record has when it is not given, where that is no value that a file could give. */
    Key<R, T> absentAs(final T value) {
        this.absent = value;
        return this;
    }

    /** A default that depends on other keys, in words. */
    Key<R, T> defaultText(final String text) {
        this.defaultText = text;
        return this;
    }

    Key<R, T> required() {
        this.required = true;
        return this;
    }

    /** A change needs a restart of the data plane. */
    Key<R, T> restartsDataPlane() {
        this.restart = true;
        return this;
    }

    /** The value in the example of the reference page and of the message that it is missing. */
    Key<R, T> example(final String yaml) {
        this.example = yaml;
        return this;
    }

    String name() {
        return name;
    }

    ValueType<T> type() {
        return type;
    }

    String doc() {
        return doc;
    }

    /** The value when the key is not given, or null. */
    T defaultValue() {
        return defaultValue;
    }

    /** What the record has when the key is not given, or null. */
    T standIn() {
        return defaultValue == null ? absent : defaultValue;
    }

    /** The default as the file would say it, or in words; null if there is none. */
    String defaultText() {
        return defaultText != null || defaultValue == null
                ? defaultText
                : String.valueOf(type.write(defaultValue));
    }

    boolean isRequired() {
        return required;
    }

    boolean needsRestart() {
        return restart;
    }

    String example() {
        return example;
    }

    String since() {
        return since;
    }

    /** Whether a record has it; the rest are shorthands that the reader resolves. */
    boolean isComponent() {
        return component != null;
    }

    /** Its value in {@code record}; null if that need not be said. */
    Object valueIn(final R record) {
        final Object value = component.apply(record);
        return value == null || value.equals(absent) ? null : value;
    }
}
