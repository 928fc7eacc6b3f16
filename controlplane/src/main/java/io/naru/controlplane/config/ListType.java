package io.naru.controlplane.config;

import io.naru.controlplane.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * A list of a bounded number of elements of one type.
 *
 * <p>Its label says what it is a list of: {@code a list of pools}.
 *
 * <p>An element that has a name is called by it in paths: {@code pools[web].check}, which stays
 * true when the list's order changes.
 */
record ListType<T>(String label, ValueType<T> element, int min, int max)
        implements ValueType<List<T>> {
    @Override
    public List<T> read(final Node node, final String path, final Problems problems) {
        if (!(node instanceof SequenceNode sequence)) {
            problems.error(
                    node,
                    path,
                    ScalarType.mustBe("a list", node),
                    node instanceof ScalarNode scalar && !scalar.getValue().isEmpty()
                            ? "in brackets: [" + ScalarType.shorten(scalar.getValue()) + "]"
                            : null);
            return null;
        }
        final List<Node> nodes = sequence.getValue();
        if (nodes.size() < min || nodes.size() > max) {
            problems.error(
                    node,
                    path,
                    nodes.size() < min
                            ? "must not be empty"
                            : "has " + nodes.size() + " elements; at most " + max + " are allowed",
                    null);
            return null;
        }

        final List<T> values = new ArrayList<>(nodes.size());
        for (int i = 0; i < nodes.size(); i++) {
            final Node child = nodes.get(i);
            final String label = nameOf(child).orElse(String.valueOf(i));
            final T value = element.read(child, path + "[" + label + "]", problems);
            if (value != null) {
                values.add(value);
            }
        }

        return values;
    }

    @Override
    public Object write(final Object value) {
        return ((List<?>) value).stream().map(element::write).toList();
    }

    @Override
    public JsonObject schema() {
        return new JsonObject()
                .put("type", "array")
                .put("items", element.schema())
                .put("minItems", min)
                .put("maxItems", max);
    }

    private static Optional<String> nameOf(final Node node) {
        if (node instanceof MappingNode mapping) {
            for (final NodeTuple tuple : mapping.getValue()) {
                if (tuple.getKeyNode() instanceof ScalarNode key
                        && key.getValue().equals("name")
                        && tuple.getValueNode() instanceof ScalarNode value
                        && value.getValue().matches("[A-Za-z0-9._:-]{1,63}")) {
                    return Optional.of(value.getValue());
                }
            }
        }

        return Optional.empty();
    }
}
