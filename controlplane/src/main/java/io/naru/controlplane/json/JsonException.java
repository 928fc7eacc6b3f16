package io.naru.controlplane.json;

/** Text that is not JSON, or a member that is not what its reader expects. */
public final class JsonException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes the exception.
     *
     * @param message what was expected, and where.
     */
    public JsonException(final String message) {
        super(message);
    }
}
