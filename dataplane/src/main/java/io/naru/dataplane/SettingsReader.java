package io.naru.dataplane;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Reads typed settings out of properties, and collects all that is wrong with them.
 *
 * <p>A problem names the setting, its value and what was expected. A setting that is absent, or
 * wrong, keeps its default.
 */
final class SettingsReader {
    private final Properties properties;
    private final Properties overrides;
    private final Set<String> known = new HashSet<>();
    private final List<String> problems = new ArrayList<>();

    /**
     * @param overrides win over {@code properties}, and may hold other things as well.
     */
    SettingsReader(final Properties properties, final Properties overrides) {
        this.properties = properties;
        this.overrides = overrides;
    }

    String text(final String name, final String absent) {
        known.add(name);
        final String value = overrides.getProperty(name, properties.getProperty(name));
        return value == null ? absent : value.strip();
    }

    /** Elements separated by commas; an empty list for an empty value. */
    List<String> list(final String name) {
        final String text = text(name, "");
        return text.isEmpty()
                ? List.of()
                : Arrays.stream(text.split(",", -1)).map(String::strip).toList();
    }

    void number(final String name, final long min, final long max, final Consumer<Long> setter) {
        final String value = text(name, null);
        if (value != null) {
            final Long number = parse(value);
            if (number == null || number < min || number > max) {
                problem(name, value, "a whole number from " + min + " to " + max);
            } else {
                setter.accept(number);
            }
        }
    }

    private static Long parse(final String value) {
        try {
            return Long.valueOf(value);
        } catch (final NumberFormatException ex) {
            return null;
        }
    }

    void flag(final String name, final Consumer<Boolean> setter) {
        final String value = text(name, null);
        if (value != null) {
            switch (value) {
                case "true" -> setter.accept(true);
                case "false" -> setter.accept(false);
                default -> problem(name, value, "true or false");
            }
        }
    }

    /** A constant of an enum, written small and with hyphens. */
    <E extends Enum<E>> void choice(
            final String name, final Class<E> type, final Consumer<E> setter) {
        final String value = text(name, null);
        if (value == null) {
            return;
        }

        for (final E constant : type.getEnumConstants()) {
            if (word(constant).equals(value)) {
                setter.accept(constant);
                return;
            }
        }

        problem(
                name,
                value,
                Arrays.stream(type.getEnumConstants())
                        .map(SettingsReader::word)
                        .collect(Collectors.joining(" or ")));
    }

    private static String word(final Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    void problem(final String name, final String value, final String expected) {
        problems.add("%s is '%s', expected %s".formatted(name, value, expected));
    }

    /** Settings that begin with {@code prefix} and that nobody has asked for. */
    void refuseUnknown(final String prefix) {
        for (final String name : properties.stringPropertyNames().stream().sorted().toList()) {
            if (name.startsWith(prefix) && !known.contains(name)) {
                problems.add(name + " is no setting of the data plane");
            }
        }
    }

    List<String> problems() {
        return problems;
    }
}
