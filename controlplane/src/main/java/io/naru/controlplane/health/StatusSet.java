package io.naru.controlplane.health;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A set of HTTP status codes: {@code 200-299,401}. */
public final class StatusSet {
    private static final Pattern PART = Pattern.compile("([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?");
    private static final int MAX_PARTS = 32;

    private record Part(int first, int last) {}

    private final String text;
    private final List<Part> parts;

    private StatusSet(final String text, final List<Part> parts) {
        this.text = text;
        this.parts = parts;
    }

    /** The set that a text says, or null if it says none. */
    public static StatusSet parse(final String text) {
        final List<Part> parts = new ArrayList<>();
        for (final String each : text.split(",", -1)) {
            final Matcher matcher = PART.matcher(each.strip());
            if (!matcher.matches() || parts.size() == MAX_PARTS) {
                return null;
            }
            final int first = Integer.parseInt(matcher.group(1));
            final int last = matcher.group(2) == null ? first : Integer.parseInt(matcher.group(2));
            if (last < first) {
                return null;
            }
            parts.add(new Part(first, last));
        }

        return new StatusSet(text, parts);
    }

    boolean contains(final int code) {
        return parts.stream().anyMatch(part -> part.first <= code && code <= part.last);
    }

    @Override
    public String toString() {
        return text;
    }
}
