package io.naru.controlplane.config;

import java.util.List;

/** A configuration that was refused; its message is the whole report, for people. */
public final class ConfigException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient List<Problem> problems;

    ConfigException(final List<Problem> problems) {
        super(ProblemReport.text(problems));
        this.problems = List.copyOf(problems);
    }

    /** Everything that is wrong, errors and warnings, in the file's order. */
    public List<Problem> problems() {
        return problems;
    }
}
