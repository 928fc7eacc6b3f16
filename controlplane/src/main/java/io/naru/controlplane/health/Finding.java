package io.naru.controlplane.health;

import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * Looks for a text, or by a regular expression, in what a backend said.
 *
 * <p>What backends say is theirs to choose: an expression that would take too long over it is given
 * up after {@value #MAX_STEPS} characters that it looked at, all attempts to find it together. One
 * a check's attempt.
 */
final class Finding {
    static final int MAX_STEPS = 4_000_000;

    private final String expect;
    private final Pattern regex;
    private final String words;
    private int left = MAX_STEPS;

    /**
     * What is looked for.
     *
     * @param expect octets; empty finds itself in anything.
     * @param regex an expression over UTF-8 text; empty finds itself in anything.
     */
    Finding(final String expect, final String regex) {
        this.expect = expect;
        this.regex = regex.isEmpty() ? null : Pattern.compile(regex);
        words =
                (expect.isEmpty() ? "" : "'" + Octets.shown(expect) + "'")
                        + (expect.isEmpty() || regex.isEmpty() ? "" : " and ")
                        + (regex.isEmpty() ? "" : "/" + regex + "/");
    }

    boolean wantsSomething() {
        return !words.isEmpty();
    }

    /** {@code 'PONG' and /v[0-9]/}. */
    String words() {
        return words;
    }

    /**
     * Whether all that is looked for is in the octets.
     *
     * @throws TooHardException if the expression takes too long over them.
     */
    boolean isIn(final String octets) {
        spend(octets.length());
        if (!octets.contains(expect)) {
            return false;
        }
        if (regex == null) {
            return true;
        }

        final String text =
                new String(octets.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
        try {
            return regex.matcher(new Counted(text, 0, text.length())).find();
        } catch (final StackOverflowError e) { // alternatives in a loop recurse for each character
            throw new TooHardException();
        }
    }

    /** The expression takes too long, or too much memory, over what the backend said. */
    static final class TooHardException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        TooHardException() {
            super("the expression takes too long over the answer", null, false, false);
        }
    }

    private void spend(final int steps) {
        left -= steps;
        if (left < 0) {
            throw new TooHardException();
        }
    }

    /** A text that is paid for by the character. */
    private final class Counted implements CharSequence {
        private final String text;
        private final int start;
        private final int end;

        Counted(final String text, final int start, final int end) {
            this.text = text;
            this.start = start;
            this.end = end;
        }

        @Override
        public int length() {
            return end - start;
        }

        @Override
        public char charAt(final int index) {
            spend(1);
            return text.charAt(start + index);
        }

        @Override
        public CharSequence subSequence(final int from, final int to) {
            return new Counted(text, start + from, start + to);
        }

        @Override
        public String toString() {
            return text.substring(start, end);
        }
    }
}
