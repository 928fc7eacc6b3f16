package io.naru.controlplane.config;

import io.naru.controlplane.json.JsonObject;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/** The value of one key in place of the mapping: {@code eth0} for {@code name: eth0}. */
record KeyShorthand<T>(Key<?, T> key) implements ObjectType.Shorthand {
    @Override
    public boolean read(final ScalarNode node, final Section section, final Problems problems) {
        final T value = key.type().read(node, section.path(), problems);
        section.put(key, node, value);
        return value != null;
    }

    @Override
    public String label() {
        return key.type().label();
    }

    @Override
    public JsonObject schema() {
        return key.type().schema();
    }
}
