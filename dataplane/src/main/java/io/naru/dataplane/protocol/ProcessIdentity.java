package io.naru.dataplane.protocol;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Which process a pid means: the kernel gives a pid again, but not with the same start time.
 *
 * @param startTicks start of the process in clock ticks since boot; field 22 of {@code
 *     /proc/PID/stat}, see proc(5).
 */
record ProcessIdentity(long pid, long startTicks) {
    private static final int STATE_FIELD = 3;
    private static final int START_TIME_FIELD = 22;

    static ProcessIdentity self() {
        final ProcessIdentity self = read(ProcessHandle.current().pid());
        if (self == null) {
            throw new IllegalStateException("/proc is not mounted");
        }

        return self;
    }

    /** Null if there is no such process, or nothing but its exit status is left. */
    static ProcessIdentity read(final long pid) {
        try {
            final String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            // the name of the command is in parentheses and may contain anything
            final String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            final String state = fields[0];
            if (state.equals("Z") || state.equals("X")) {
                return null;
            }

            return new ProcessIdentity(pid, Long.parseLong(fields[START_TIME_FIELD - STATE_FIELD]));
        } catch (final IOException | IndexOutOfBoundsException | NumberFormatException ex) {
            return null;
        }
    }

    boolean isAlive() {
        return equals(read(pid));
    }
}
