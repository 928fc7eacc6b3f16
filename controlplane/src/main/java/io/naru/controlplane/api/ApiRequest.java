package io.naru.controlplane.api;

import io.naru.controlplane.events.Actor;
import io.naru.controlplane.json.Json;
import io.naru.controlplane.json.JsonException;
import io.naru.controlplane.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A request as the routes see it.
 *
 * @param method in capitals.
 * @param path segments, decoded: {@code v1}, {@code backends}, {@code web}, {@code s1}.
 * @param query parameters, decoded.
 * @param body as text; empty when there is none.
 * @param actor who asks.
 */
public record ApiRequest(
        String method, List<String> path, Map<String, String> query, String body, Actor actor) {
    /**
     * Refuses parameters that nobody reads: a mistyped filter must not show everything.
     *
     * @param known the parameters of this request.
     */
    void allowOnly(final Set<String> known) {
        for (final String name : query.keySet()) {
            if (!known.contains(name)) {
                throw ApiProblem.badRequest(
                        "unknown parameter '" + name + "'",
                        known.isEmpty()
                                ? "this request takes no parameters"
                                : "parameters: "
                                        + String.join(", ", known.stream().sorted().toList()));
            }
        }
    }

    /**
     * A parameter that is a whole number.
     *
     * @param name of the parameter.
     * @param other returned when it is not given.
     * @param max the highest allowed.
     * @return the number, from 0.
     */
    long number(final String name, final long other, final long max) {
        final String text = query.get(name);
        if (text == null) {
            return other;
        }

        try {
            final long value = Long.parseLong(text);
            if (value >= 0 && value <= max) {
                return value;
            }
        } catch (final NumberFormatException notANumber) {
            // said below
        }

        throw ApiProblem.badRequest(
                "parameter '"
                        + name
                        + "' must be a whole number 0.."
                        + max
                        + ", not '"
                        + text
                        + "'",
                null);
    }

    /**
     * The body, which must be a JSON object.
     *
     * @return the object.
     */
    JsonObject json() {
        try {
            return Json.parseObject(body);
        } catch (final JsonException e) {
            throw ApiProblem.badRequest("the body is not a JSON object: " + e.getMessage(), null);
        }
    }
}
