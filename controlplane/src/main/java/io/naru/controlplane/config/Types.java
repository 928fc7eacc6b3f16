package io.naru.controlplane.config;

import io.naru.controlplane.config.ScalarType.InvalidValueException;
import io.naru.controlplane.json.JsonObject;
import io.naru.dataplane.protocol.Limits;
import io.naru.dataplane.protocol.ServiceOptions;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/** The scalar types of the configuration file. */
final class Types {
    /** Endpoints such as {@code 10.2.0.1:8080} are names too: those of backends that have none. */
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._:-]*");

    private static final Pattern DURATION_PART = Pattern.compile("([0-9]{1,9})(ms|s|m|h|d)");
    private static final Pattern PERCENT = Pattern.compile("([0-9]{1,3})%");
    private static final Pattern COUNT = Pattern.compile("([0-9]{1,10})([kKMG]?)");

    private Types() {}

    /** The name of a service, pool or backend. */
    static ScalarType<String> name() {
        final int max = Limits.MAX_NAME_BYTES;
        return new ScalarType<>(
                "a name",
                node -> {
                    final String text = text(node, "a name");
                    if (!NAME.matcher(text).matches()) {
                        throw new InvalidValueException(
                                "'" + ScalarType.shorten(text) + "' is not a name",
                                "names have letters, digits and . _ : -, and begin with a letter"
                                        + " or digit");
                    }
                    if (text.length() > max) {
                        throw new InvalidValueException(
                                "a name has at most " + max + " characters, not " + text.length(),
                                null);
                    }
                    return text;
                },
                value -> value,
                () ->
                        new JsonObject()
                                .put("type", "string")
                                .put("pattern", "^" + NAME.pattern() + "$")
                                .put("maxLength", max));
    }

    static ScalarType<String> interfaceName() {
        return new ScalarType<>(
                "an interface's name",
                node -> {
                    final String text = text(node, "an interface's name");
                    // linux/if.h: IFNAMSIZ is 16 with the zero; dev_valid_name() in net/core/dev.c
                    if (!text.matches("[^\\s/:,=]{1,15}") || text.startsWith(".")) {
                        throw new InvalidValueException(
                                "'" + ScalarType.shorten(text) + "' is not an interface's name",
                                "'ip link' lists the interfaces of this machine");
                    }
                    return text;
                },
                value -> value,
                () -> new JsonObject().put("type", "string").put("pattern", "^[^\\s/:,=]{1,15}$"));
    }

    static ScalarType<Boolean> flag() {
        return new ScalarType<>(
                "true or false",
                node -> {
                    if (!node.getTag().equals(Tag.BOOL)) {
                        throw invalid(
                                "true or false",
                                node,
                                switch (node.getValue().toLowerCase(Locale.ROOT)) {
                                    case "on", "yes" -> "did you mean 'true'?";
                                    case "off", "no" -> "did you mean 'false'?";
                                    default -> null;
                                });
                    }
                    return Boolean.valueOf(node.getValue().toLowerCase(Locale.ROOT));
                },
                value -> value,
                () -> new JsonObject().put("type", "boolean"));
    }

    static ScalarType<Integer> wholeNumber(final int min, final int max) {
        return new ScalarType<>(
                "a whole number " + min + ".." + max,
                node -> (int) number(node, min, max, "a whole number " + min + ".." + max),
                value -> value,
                () -> integerSchema(min, max));
    }

    static ScalarType<Long> wholeLong(final long min, final long max) {
        return new ScalarType<>(
                "a whole number " + min + ".." + max,
                node -> number(node, min, max, "a whole number " + min + ".." + max),
                value -> value,
                () -> integerSchema(min, max));
    }

    /** One of a few numbers. */
    static ScalarType<Integer> numberOf(final Integer... allowed) {
        final List<Integer> values = List.of(allowed);
        final String label = "one of " + join(values.stream().map(String::valueOf).toList());
        return new ScalarType<>(
                label,
                node -> {
                    final int value = (int) number(node, 0, Integer.MAX_VALUE, label);
                    if (!values.contains(value)) {
                        throw invalid(label, node, null);
                    }
                    return value;
                },
                value -> value,
                () -> new JsonObject().put("enum", values));
    }

    /** {@code auto}, which is 0, or a whole number. */
    static ScalarType<Integer> autoOr(final int min, final int max) {
        final String label = "auto or a whole number " + min + ".." + max;
        return new ScalarType<>(
                label,
                node -> node.getValue().equals("auto") ? 0 : (int) number(node, min, max, label),
                value -> value == 0 ? "auto" : value,
                () -> anyOf(new JsonObject().put("const", "auto"), integerSchema(min, max)));
    }

    /** A number of things: {@code 1048576}, {@code 64k} (1024), {@code 1M} (1024²). */
    static ScalarType<Integer> count(final int min, final int max) {
        final String label = "a number " + formatCount(min) + ".." + formatCount(max);
        return new ScalarType<>(
                label,
                node -> {
                    final Matcher matcher = COUNT.matcher(node.getValue());
                    if (!matcher.matches()) {
                        throw invalid(
                                label, node, "such as 500000, 512k (1024) or 2M (1024 x 1024)");
                    }
                    final long value =
                            Long.parseLong(matcher.group(1))
                                    << (10 * " kMG".indexOf(unit(matcher)));
                    if (value < min || value > max) {
                        throw invalid(label, node, null);
                    }
                    return (int) value;
                },
                Types::countForFile,
                () ->
                        anyOf(
                                integerSchema(min, max),
                                new JsonObject()
                                        .put("type", "string")
                                        .put("pattern", "^" + COUNT.pattern() + "$")));
    }

    /** How many flows, or new ones in a second, there may be. */
    static ScalarType<Integer> flowLimit() {
        return count(1, 1 << 30);
    }

    /** {@code 50%}. */
    static ScalarType<Integer> percent(final int min) {
        final String label = "a percentage " + min + "%..100%";
        return new ScalarType<>(
                label,
                node -> {
                    final Matcher matcher = PERCENT.matcher(node.getValue());
                    if (!matcher.matches()) {
                        throw invalid(
                                label,
                                node,
                                node.getValue().matches("[0-9]{1,3}")
                                        ? "a percentage needs its sign: " + node.getValue() + "%"
                                        : null);
                    }
                    final int value = Integer.parseInt(matcher.group(1));
                    if (value < min || value > 100) {
                        throw invalid(label, node, null);
                    }
                    return value;
                },
                value -> value + "%",
                () ->
                        new JsonObject()
                                .put("type", "string")
                                .put("pattern", "^" + PERCENT.pattern() + "$"));
    }

    /** One of an enum's constants, written in lower case with dashes. */
    static <E extends Enum<E>> ScalarType<E> choice(final Class<E> type) {
        return choice(type, constant -> constant.name().toLowerCase(Locale.ROOT).replace('_', '-'));
    }

    static <E extends Enum<E>> ScalarType<E> choice(
            final Class<E> type, final Function<E, String> word) {
        final E[] constants = type.getEnumConstants();
        final List<String> words = Arrays.stream(constants).map(word).toList();
        final String label = "one of " + join(words);
        return new ScalarType<>(
                label,
                node -> {
                    final int index = words.indexOf(node.getValue());
                    if (index < 0) {
                        final String said =
                                switch (node.getValue()) {
                                    case "true", "yes" -> "on";
                                    case "false", "no" -> "off";
                                    default -> node.getValue();
                                };
                        throw invalid(label, node, Suggestion.hint(said, words));
                    }
                    return constants[index];
                },
                word::apply,
                () -> new JsonObject().put("enum", words));
    }

    static ScalarType<Duration> duration(final Duration min, final Duration max) {
        final String label = "a duration " + format(min) + ".." + format(max);
        return new ScalarType<>(
                label,
                node -> {
                    final Duration value = duration(node, label);
                    if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
                        throw invalid(label, node, null);
                    }
                    if (min.toMillis() >= 1_000 && value.toMillis() % 1_000 != 0) {
                        throw invalid("in whole seconds", node, null);
                    }
                    return value;
                },
                Types::format,
                () ->
                        new JsonObject()
                                .put("type", "string")
                                .put("pattern", "^(" + DURATION_PART.pattern() + ")+$"));
    }

    /** What the data plane counts in whole seconds. */
    static ScalarType<Duration> flowTimeout() {
        return duration(Duration.ofSeconds(1), Duration.ofSeconds(Limits.MAX_TIMEOUT_S));
    }

    static ScalarType<PortRange> ports() {
        final String label = "a port, a range such as 8000-8010, or any";
        return new ScalarType<>(
                label,
                node ->
                        PortRange.parse(node.getValue())
                                .orElseThrow(() -> invalid(label, node, "ports are 1..65535")),
                value -> value.isSingle() ? value.first() : value.toString(),
                () ->
                        anyOf(
                                integerSchema(1, 65_535),
                                new JsonObject()
                                        .put("type", "string")
                                        .put("pattern", "^([0-9]+(-[0-9]+)?|any)$")));
    }

    /** {@code auto}, {@code off} or a number of bytes. */
    static ScalarType<Integer> mssClamp() {
        final int min = 64;
        final int max = 65_535;
        final String label = "auto, off or a whole number " + min + ".." + max;
        return new ScalarType<>(
                label,
                node ->
                        switch (node.getValue()) {
                            case "auto" -> ServiceOptions.MSS_AUTO;
                            case "off" -> ServiceOptions.MSS_OFF;
                            default -> (int) number(node, min, max, label);
                        },
                value ->
                        value == ServiceOptions.MSS_AUTO
                                ? "auto"
                                : value == ServiceOptions.MSS_OFF ? "off" : value,
                () ->
                        anyOf(
                                new JsonObject().put("enum", List.of("auto", "off")),
                                integerSchema(min, max)));
    }

    /** {@code 2s}, {@code 1m30s}, {@code 250ms}. */
    static String format(final Duration duration) {
        if (duration.toMillis() % 1_000 != 0) {
            return duration.toMillis() + "ms";
        }
        final StringBuilder text = new StringBuilder();
        appendPart(text, duration.toDaysPart(), "d");
        appendPart(text, duration.toHoursPart(), "h");
        appendPart(text, duration.toMinutesPart(), "m");
        appendPart(text, duration.toSecondsPart(), "s");
        return text.length() == 0 ? "0s" : text.toString();
    }

    /** {@code 1M}, {@code 64k}, {@code 1000}. */
    static String formatCount(final int count) {
        if (count != 0 && count % (1 << 20) == 0) {
            return (count >> 20) + "M";
        }
        return count != 0 && count % (1 << 10) == 0 ? (count >> 10) + "k" : String.valueOf(count);
    }

    private static Object countForFile(final Integer count) {
        final String text = formatCount(count);
        return Character.isDigit(text.charAt(text.length() - 1)) ? count : text;
    }

    private static void appendPart(final StringBuilder text, final long part, final String unit) {
        if (part != 0) {
            text.append(part).append(unit);
        }
    }

    private static char unit(final Matcher matcher) {
        final String unit = matcher.group(2);
        return unit.isEmpty() ? ' ' : unit.charAt(0) == 'K' ? 'k' : unit.charAt(0);
    }

    private static Duration duration(final ScalarNode node, final String label)
            throws InvalidValueException {
        final String text = node.getValue();
        final Matcher part = DURATION_PART.matcher(text);
        Duration sum = Duration.ZERO;
        int at = 0;
        while (at < text.length() && part.find(at) && part.start() == at) {
            sum =
                    sum.plusMillis(
                            Long.parseLong(part.group(1))
                                    * switch (part.group(2)) {
                                        case "ms" -> 1L;
                                        case "s" -> 1_000L;
                                        case "m" -> 60_000L;
                                        case "h" -> 3_600_000L;
                                        default -> 86_400_000L;
                                    });
            at = part.end();
        }
        if (text.isEmpty() || at < text.length()) {
            final boolean bare = text.matches("[0-9]{1,9}");
            throw invalid(
                    label,
                    node,
                    bare
                            ? "a duration needs its unit: "
                                    + text
                                    + "s, "
                                    + text
                                    + "ms or "
                                    + text
                                    + "m?"
                            : "units are ms, s, m, h and d: 500ms, 2s, 1h30m");
        }

        return sum;
    }

    static String text(final ScalarNode node, final String label) throws InvalidValueException {
        if (!node.getTag().equals(Tag.STR)) {
            throw invalid(
                    label,
                    node,
                    node.getTag().equals(Tag.NULL) ? null : "put it in quotes to make it a text");
        }
        return node.getValue();
    }

    private static long number(
            final ScalarNode node, final long min, final long max, final String label)
            throws InvalidValueException {
        if (!node.getTag().equals(Tag.INT)) {
            throw invalid(
                    label,
                    node,
                    !node.isPlain() && node.getValue().matches("[0-9]+")
                            ? "without the quotes"
                            : null);
        }
        try {
            final long value = Long.parseLong(node.getValue());
            if (value >= min && value <= max) {
                return value;
            }
        } catch (final NumberFormatException ex) {
            throw invalid(label, node, null); // more digits than a long has
        }
        throw invalid(label, node, null);
    }

    static InvalidValueException invalid(
            final String expected, final ScalarNode node, final String hint) {
        return new InvalidValueException(ScalarType.mustBe(expected, node), hint);
    }

    private static JsonObject integerSchema(final long min, final long max) {
        return new JsonObject().put("type", "integer").put("minimum", min).put("maximum", max);
    }

    static JsonObject anyOf(final JsonObject first, final JsonObject second) {
        return new JsonObject().put("anyOf", List.of(first, second));
    }

    private static String join(final List<String> words) {
        return String.join(", ", words);
    }
}
