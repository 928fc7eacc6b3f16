package io.naru.controlplane.config;

import io.naru.controlplane.config.ScalarType.InvalidValueException;
import io.naru.controlplane.health.DnsTerms;
import io.naru.controlplane.health.Octets;
import io.naru.controlplane.health.StatusSet;
import io.naru.controlplane.json.JsonObject;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** The scalar types that only checks have. */
final class CheckTypes {
    private CheckTypes() {}

    /** A text that matches a pattern; {@code hint} says what such a text looks like. */
    static ScalarType<String> text(
            final String label, final int max, final String pattern, final String hint) {
        final Pattern compiled = Pattern.compile(pattern);
        return new ScalarType<>(
                label,
                node -> {
                    final String text = Types.text(node, label);
                    bounded(text, max);
                    if (!compiled.matcher(text).matches()) {
                        throw new InvalidValueException(ScalarType.mustBe(label, node), hint);
                    }
                    return text;
                },
                value -> value,
                () -> new JsonObject().put("type", "string").put("maxLength", max));
    }

    /** A text with the escapes of {@link Octets}. */
    static ScalarType<String> octets(final int max) {
        final String label = "a text";
        return new ScalarType<>(
                label,
                node -> {
                    final String text = Types.text(node, label);
                    bounded(text, max);
                    try {
                        Octets.parse(text);
                    } catch (final IllegalArgumentException e) {
                        throw new InvalidValueException(
                                "has a bad escape: " + e.getMessage(), null);
                    }
                    return text;
                },
                value -> value,
                () -> new JsonObject().put("type", "string").put("maxLength", max));
    }

    static ScalarType<String> regex(final int max) {
        final String label = "a regular expression";
        return new ScalarType<>(
                label,
                node -> {
                    final String text = Types.text(node, label);
                    bounded(text, max);
                    try {
                        Pattern.compile(text);
                    } catch (final PatternSyntaxException e) {
                        throw new InvalidValueException(
                                ScalarType.mustBe(label, node),
                                e.getDescription().toLowerCase(Locale.ROOT)
                                        + (e.getIndex() < 0 ? "" : " at " + (e.getIndex() + 1)));
                    }
                    return text;
                },
                value -> value,
                () -> new JsonObject().put("type", "string").put("maxLength", max));
    }

    /** {@code 200-299,401}, which YAML takes for a number where it is one. */
    static ScalarType<String> status() {
        final String label = "HTTP status codes";
        return new ScalarType<>(
                label,
                node -> {
                    if (StatusSet.parse(node.getValue()) == null) {
                        throw new InvalidValueException(
                                ScalarType.mustBe(label, node), "200-299,401");
                    }
                    return node.getValue();
                },
                value -> value,
                () -> new JsonObject().put("type", List.of("string", "integer")));
    }

    static ScalarType<String> dnsName() {
        final String label = "a DNS name";
        return new ScalarType<>(
                label,
                node -> {
                    final String text = Types.text(node, label);
                    final String complaint = DnsTerms.complaint(text);
                    if (complaint != null) {
                        throw new InvalidValueException(ScalarType.mustBe(label, node), complaint);
                    }
                    return text;
                },
                value -> value,
                () -> new JsonObject().put("type", "string").put("maxLength", 254));
    }

    /** One of a few words. */
    static ScalarType<String> word(final List<String> words) {
        final String label = "one of " + String.join(", ", words);
        return new ScalarType<>(
                label,
                node -> {
                    if (!words.contains(node.getValue())) {
                        throw new InvalidValueException(
                                ScalarType.mustBe(label, node),
                                Suggestion.hint(node.getValue().toUpperCase(Locale.ROOT), words));
                    }
                    return node.getValue();
                },
                value -> value,
                () -> new JsonObject().put("enum", words));
    }

    private static void bounded(final String text, final int max) throws InvalidValueException {
        if (text.length() > max) {
            throw new InvalidValueException(
                    "has " + text.length() + " characters; at most " + max + " are allowed", null);
        }
    }
}
