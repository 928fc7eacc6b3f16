package io.naru.controlplane.config;

import io.naru.controlplane.json.JsonObject;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * A mapping with known keys.
 *
 * @param label what it is: {@code a service}.
 * @param doc a sentence for the reference page.
 * @param shorthand how a scalar in its place is understood, or null.
 * @param <R> the record that it becomes.
 */
record ObjectType<R>(String label, String doc, List<Key<R, ?>> keys, Shorthand shorthand)
        implements ValueType<Section> {
    /** A scalar that stands for a whole mapping: {@code eth0} for {@code name: eth0}. */
    interface Shorthand {
        /** Puts what {@code node} says into {@code section}, or reports why it cannot. */
        boolean read(ScalarNode node, Section section, Problems problems);

        /** What the scalar may be, for the reference page. */
        String label();

        JsonObject schema();
    }

    @Override
    public Section read(final Node node, final String path, final Problems problems) {
        problems.countSection(node);
        final Section section = new Section(node, path, problems);
        if (node instanceof MappingNode mapping) {
            readKeys(mapping, section, problems);
            return section;
        }
        if (shorthand != null && node instanceof ScalarNode scalar && isGiven(scalar)) {
            return shorthand.read(scalar, section, problems) ? section : null;
        }

        final String expected =
                shorthand == null ? "a mapping" : shorthand.label() + ", or a mapping";
        problems.error(
                node,
                path,
                ScalarType.mustBe(expected, node),
                "its keys: " + String.join(", ", names()));
        return null;
    }

    private void readKeys(
            final MappingNode mapping, final Section section, final Problems problems) {
        final Map<String, Node> seen = new HashMap<>();
        for (final NodeTuple tuple : mapping.getValue()) {
            final Node keyNode = tuple.getKeyNode();
            final String name = keyNode instanceof ScalarNode scalar ? scalar.getValue() : "";
            final Node before = seen.putIfAbsent(name, keyNode);
            final Key<R, ?> key = key(name);
            final String path = section.path().isEmpty() ? name : section.path() + "." + name;
            if (!(keyNode instanceof ScalarNode)) {
                problems.error(keyNode, section.path(), "a key must be a text", null);
            } else if (key == null) {
                problems.error(
                        keyNode, ScalarType.shorten(path), "unknown key", unknownKeyHint(name));
            } else if (before != null) {
                final int line = before.getStartMark().map(mark -> mark.getLine() + 1).orElse(0);
                problems.error(keyNode, path, "is given twice; the first is in line " + line, null);
            } else {
                readValue(key, tuple.getValueNode(), path, section, problems);
            }
        }
        for (final Key<R, ?> key : keys) {
            if (key.isRequired() && !section.has(key)) {
                section.error(
                        "needs '" + key.name() + "': " + key.type().label(),
                        key.example() == null ? null : key.name() + ": " + key.example());
            }
        }
    }

    private static <T> void readValue(
            final Key<?, T> key,
            final Node node,
            final String path,
            final Section section,
            final Problems problems) {
        if (node instanceof ScalarNode scalar && !isGiven(scalar)) {
            problems.error(
                    node,
                    path,
                    "has no value; expected " + key.type().label(),
                    key.isRequired() ? null : "leave the key out to get its default");
            section.put(key, node, null);
        } else {
            section.put(key, node, key.type().read(node, path, problems));
        }
    }

    private static boolean isGiven(final ScalarNode scalar) {
        return !scalar.getTag().equals(Tag.NULL);
    }

    private Key<R, ?> key(final String name) {
        for (final Key<R, ?> key : keys) {
            if (key.name().equals(name)) {
                return key;
            }
        }

        return null;
    }

    private List<String> names() {
        return keys.stream().map(Key::name).toList();
    }

    private String unknownKeyHint(final String name) {
        if (name.equals("<<")) {
            return "merge keys are not part of YAML 1.2; an alias (*name) for a whole value is";
        }
        final String suggestion = Suggestion.hint(name.replace('_', '-'), names());
        return suggestion != null ? suggestion : "keys here: " + String.join(", ", names());
    }

    @Override
    @SuppressWarnings("unchecked") // keys bind their type to the component they read
    public Object write(final Object value) {
        final JsonObject object = new JsonObject();
        for (final Key<R, ?> key : keys) {
            final Object component = key.isComponent() ? key.valueIn((R) value) : null;
            if (component != null) {
                object.put(key.name(), key.type().write(component));
            }
        }

        return object;
    }

    @Override
    public JsonObject schema() {
        final JsonObject properties = new JsonObject();
        for (final Key<R, ?> key : keys) {
            final JsonObject property = key.type().schema();
            property.put("description", key.doc());
            if (key.defaultValue() != null) {
                property.put("default", key.type().write(key.defaultValue()));
            }
            properties.put(key.name(), property);
        }
        final List<String> required = keys.stream().filter(Key::isRequired).map(Key::name).toList();
        final JsonObject object =
                new JsonObject().put("type", "object").put("properties", properties);
        if (!required.isEmpty()) {
            object.put("required", required);
        }
        object.put("additionalProperties", false);

        return shorthand == null
                ? object
                : new JsonObject().put("anyOf", List.of(shorthand.schema(), object));
    }
}
