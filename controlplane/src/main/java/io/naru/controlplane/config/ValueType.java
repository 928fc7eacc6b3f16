package io.naru.controlplane.config;

import io.naru.controlplane.json.JsonObject;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * A kind of value that a key takes.
 *
 * @param <T> what the reader makes of it.
 */
interface ValueType<T> {
    /** Returns the value, or null after having reported why there is none. */
    T read(Node node, String path, Problems problems);

    /** The value of a record's component as it is written in a file: text, number, list, object. */
    Object write(Object value);

    /** What may be given, for the reference page: {@code whole number 1..100}. */
    String label();

    /** What may be given, as a JSON schema. */
    JsonObject schema();
}
