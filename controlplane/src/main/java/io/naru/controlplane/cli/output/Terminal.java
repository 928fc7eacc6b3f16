package io.naru.controlplane.cli.output;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** What is known of the terminal, if there is one. */
public final class Terminal {
    private static final Path STDOUT = Path.of("/proc/self/fd/1");

    private Terminal() {}

    /**
     * Whether standard output is a terminal. {@code System.console()} is about standard input as
     * well, and from JDK 22 on it is there without any terminal.
     */
    public static boolean isStdout() {
        try {
            final String target = Files.readSymbolicLink(STDOUT).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
        } catch (final IOException ex) {
            return false;
        }
    }

    /** False with NO_COLOR set to anything (no-color.org), or on a terminal that is dumb. */
    public static boolean wantsColour(final Map<String, String> environment) {
        return environment.getOrDefault("NO_COLOR", "").isEmpty()
                && !"dumb".equals(environment.get("TERM"));
    }
}
