package io.naru.controlplane.config;

/**
 * One thing wrong with a configuration file, and where.
 *
 * @param line from 1; 0 if it is the file as a whole.
 * @param column from 1, in characters.
 * @param length characters that are wrong, at least 1.
 * @param path where in the configuration, such as {@code services[web].port}; may be empty.
 * @param text what is wrong and what was expected.
 * @param hint what to do about it, or null.
 * @param sourceLine the line of the file, or null.
 */
public record Problem(
        Severity severity,
        String file,
        int line,
        int column,
        int length,
        String path,
        String text,
        String hint,
        String sourceLine) {
    /** Whether the configuration can be used in spite of it. */
    public enum Severity {
        ERROR,
        WARNING
    }

    public boolean isError() {
        return severity == Severity.ERROR;
    }
}
