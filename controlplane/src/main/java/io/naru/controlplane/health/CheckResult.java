package io.naru.controlplane.health;

/**
 * What one attempt of a check found.
 *
 * @param outcome whether the backend passed.
 * @param reason in words, for people: {@code connect refused after 0.3 ms}.
 * @param durationNs from the start of the attempt to its end.
 * @param warning what people should know although it passed, in words; null if nothing.
 */
public record CheckResult(Outcome outcome, String reason, long durationNs, String warning) {
    /** Whether the backend passed. */
    public enum Outcome {
        /** The backend answered as it should. */
        PASSED,
        /** The backend did not. */
        FAILED,
        /** We could not try (no file descriptor, no local port): says nothing of the backend. */
        NOT_TRIED
    }

    /**
     * The backend answered as it should.
     *
     * @param reason in words.
     * @param durationNs of the attempt.
     * @return the result.
     */
    public static CheckResult passed(final String reason, final long durationNs) {
        return new CheckResult(Outcome.PASSED, reason, durationNs, null);
    }

    /**
     * The backend did not answer as it should.
     *
     * @param reason in words.
     * @param durationNs of the attempt.
     * @return the result.
     */
    public static CheckResult failed(final String reason, final long durationNs) {
        return new CheckResult(Outcome.FAILED, reason, durationNs, null);
    }

    /**
     * The attempt could not be made, for a reason of our own.
     *
     * @param reason in words.
     * @param durationNs of the attempt.
     * @return the result.
     */
    public static CheckResult notTried(final String reason, final long durationNs) {
        return new CheckResult(Outcome.NOT_TRIED, reason, durationNs, null);
    }

    /** The same with a warning; null takes it away. */
    public CheckResult warning(final String text) {
        return new CheckResult(outcome, reason, durationNs, text);
    }
}
