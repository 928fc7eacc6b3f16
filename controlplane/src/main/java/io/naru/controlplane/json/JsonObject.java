package io.naru.controlplane.json;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A JSON object whose members keep the order in which they were put.
 *
 * <p>Readers name the type they expect; a member of another type is a {@link JsonException} that
 * names the member. A missing member and {@code null} are the same.
 */
public final class JsonObject {
    private final Map<String, Object> members = new LinkedHashMap<>();

    /**
     * Puts a member; the last value of a name wins.
     *
     * @param name of the member.
     * @param value a {@link JsonObject}, {@link Iterable}, {@link String}, {@link Number}, {@link
     *     Boolean}, an enum constant (written as its {@code toString()}) or {@code null}.
     * @return this.
     */
    public JsonObject put(final String name, final Object value) {
        members.put(name, value);
        return this;
    }

    /**
     * Puts a member unless its value is {@code null}.
     *
     * @param name of the member.
     * @param value or {@code null}.
     * @return this.
     */
    public JsonObject putIfPresent(final String name, final Object value) {
        return value == null ? this : put(name, value);
    }

    /**
     * All members, in order.
     *
     * @return a read-only view.
     */
    public Map<String, Object> members() {
        return Collections.unmodifiableMap(members);
    }

    /**
     * Whether there is a member of this name that is not {@code null}.
     *
     * @param name of the member.
     * @return true if so.
     */
    public boolean has(final String name) {
        return members.get(name) != null;
    }

    /**
     * A member of any type.
     *
     * @param name of the member.
     * @return its value or {@code null}.
     */
    public Object get(final String name) {
        return members.get(name);
    }

    /**
     * A string member.
     *
     * @param name of the member.
     * @return its value or {@code null}.
     */
    public String string(final String name) {
        return as(name, String.class, "a string");
    }

    /**
     * A string member, or what stands for it.
     *
     * @param name of the member.
     * @param other returned when there is none.
     * @return its value or {@code other}.
     */
    public String string(final String name, final String other) {
        final String value = string(name);
        return value == null ? other : value;
    }

    /**
     * A whole number member.
     *
     * @param name of the member.
     * @param other returned when there is none.
     * @return its value or {@code other}.
     */
    public long number(final String name, final long other) {
        final Number value = as(name, Number.class, "a number");
        return value == null ? other : value.longValue();
    }

    /**
     * A number member with a fraction.
     *
     * @param name of the member.
     * @param other returned when there is none.
     * @return its value or {@code other}.
     */
    public double decimal(final String name, final double other) {
        final Number value = as(name, Number.class, "a number");
        return value == null ? other : value.doubleValue();
    }

    /**
     * A member that is true or false.
     *
     * @param name of the member.
     * @return its value; false when there is none.
     */
    public boolean flag(final String name) {
        return Boolean.TRUE.equals(as(name, Boolean.class, "true or false"));
    }

    /**
     * An object member.
     *
     * @param name of the member.
     * @return its value or {@code null}.
     */
    public JsonObject object(final String name) {
        return as(name, JsonObject.class, "an object");
    }

    /**
     * A member that is an array of objects.
     *
     * @param name of the member.
     * @return its elements; empty when there is none.
     */
    public List<JsonObject> objects(final String name) {
        return elements(name, JsonObject.class, "an array of objects");
    }

    /**
     * A member that is an array of strings.
     *
     * @param name of the member.
     * @return its elements; empty when there is none.
     */
    public List<String> strings(final String name) {
        return elements(name, String.class, "an array of strings");
    }

    private <T> List<T> elements(final String name, final Class<T> type, final String expected) {
        final List<?> values = as(name, List.class, expected);
        if (values == null) {
            return List.of();
        }

        for (final Object value : values) {
            if (!type.isInstance(value)) {
                throw new JsonException("'" + name + "' must be " + expected);
            }
        }

        return values.stream().map(type::cast).toList();
    }

    private <T> T as(final String name, final Class<T> type, final String expected) {
        final Object value = members.get(name);
        if (value != null && !type.isInstance(value)) {
            throw new JsonException("'" + name + "' must be " + expected);
        }

        return type.cast(value);
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof JsonObject object && members.equals(object.members);
    }

    @Override
    public int hashCode() {
        return members.hashCode();
    }

    /** The object as JSON on one line. */
    @Override
    public String toString() {
        return Json.format(this);
    }
}
