package io.naru.controlplane.config;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.snakeyaml.engine.v2.nodes.Node;

/** What a mapping of the file gave for an {@link ObjectType}'s keys, and where. */
final class Section {
    private final Node node;
    private final String path;
    private final Problems problems;
    private final Map<Key<?, ?>, Node> nodes = new HashMap<>();
    private final Map<Key<?, ?>, Object> values = new HashMap<>();

    Section(final Node node, final String path, final Problems problems) {
        this.node = node;
        this.path = path;
        this.problems = problems;
    }

    /** The section of a mapping that is not there: all defaults. */
    static Section none() {
        return new Section(null, "", null);
    }

    /** A value for {@code key}; null if it was given but is not usable. */
    <T> void put(final Key<?, T> key, final Node valueNode, final T value) {
        nodes.put(key, valueNode);
        values.put(key, value);
    }

    boolean has(final Key<?, ?> key) {
        return nodes.containsKey(key);
    }

    /** The value given, else the default; null if there is neither, or if it is not usable. */
    @SuppressWarnings("unchecked") // put() bound them
    <T> T get(final Key<?, T> key) {
        return has(key) ? (T) values.get(key) : key.defaultValue();
    }

    /**
     * What the record gets: the value given if it is usable, else {@link Key#standIn}. A value that
     * was refused is stood in for, so that one mistake is reported once.
     */
    <T> T orDefault(final Key<?, T> key) {
        return get(key, key.standIn());
    }

    /** Like {@link #get}, with {@code otherwise} in place of null. */
    <T> T get(final Key<?, T> key, final T otherwise) {
        final T value = get(key);
        return value == null ? otherwise : value;
    }

    /**
     * A timeout within an interval: where it is not given, its default or the interval, whichever
     * is less; reports one that is longer.
     *
     * @param interval null if it was refused, so that nothing can be said of the timeout.
     */
    Duration timeout(final Key<?, Duration> key, final Duration interval, final String why) {
        final Duration timeout = orDefault(key);
        if (interval == null || timeout.compareTo(interval) <= 0) {
            return timeout;
        }

        if (has(key)) {
            final String text =
                    "%s is longer than the interval of %s"
                            .formatted(Types.format(timeout), Types.format(interval));
            error(key, text, why);
        }
        return interval;
    }

    String path() {
        return path;
    }

    /** Reports what is wrong with the value of {@code key}. */
    void error(final Key<?, ?> key, final String text, final String hint) {
        final String at = path.isEmpty() ? key.name() : path + "." + key.name();
        problems.error(nodes.getOrDefault(key, node), at, text, hint);
    }

    /** Reports what is wrong with the section as a whole. */
    void error(final String text, final String hint) {
        problems.error(node, path, text, hint);
    }

    void warning(final Key<?, ?> key, final String text, final String hint) {
        problems.warning(nodes.getOrDefault(key, node), path, text, hint);
    }
}
