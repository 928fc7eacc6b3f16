package io.naru.controlplane.cli;

/** Ends a command with a message and an exit code; no stack trace is shown. */
public final class CliException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int exitCode;
    private final String hint;

    /**
     * @param exitCode see {@link ExitCode}.
     * @param message what went wrong, without a full stop.
     * @param hint what to do about it, or null.
     */
    public CliException(final int exitCode, final String message, final String hint) {
        super(message, null, false, false);
        this.exitCode = exitCode;
        this.hint = hint;
    }

    public int exitCode() {
        return exitCode;
    }

    public String hint() {
        return hint;
    }
}
