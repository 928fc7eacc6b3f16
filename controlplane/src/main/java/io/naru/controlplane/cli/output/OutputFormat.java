package io.naru.controlplane.cli.output;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** How data is printed. */
public enum OutputFormat {
    /** For people, within the width of a terminal. */
    TABLE,
    /** For people, with every column and exact numbers. */
    WIDE,
    /** For programs. */
    JSON;

    /** The word after {@code -o}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The format of a word, or null if there is none. */
    public static OutputFormat ofLabel(final String label) {
        return Arrays.stream(values())
                .filter(format -> format.label().equals(label))
                .findFirst()
                .orElse(null);
    }

    public static String labels() {
        return Arrays.stream(values()).map(OutputFormat::label).collect(Collectors.joining(", "));
    }
}
