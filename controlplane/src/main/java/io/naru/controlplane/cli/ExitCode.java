package io.naru.controlplane.cli;

/** What the command line's exit codes mean; scripts rely on them. */
public final class ExitCode {
    public static final int OK = 0;

    /** Differs, not ready, or requests failed: a "no", not a failure of the command. */
    public static final int NO = 1;

    /** The command line itself is wrong. */
    public static final int USAGE = 2;

    /** The control plane cannot be reached. */
    public static final int UNREACHABLE = 3;

    /** Refused by validation. */
    public static final int REFUSED = 4;

    public static final int NOT_PERMITTED = 5;

    /** Somebody else changed it in between. */
    public static final int CONFLICT = 6;

    private ExitCode() {}
}
