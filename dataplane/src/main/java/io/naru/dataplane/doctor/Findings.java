package io.naru.dataplane.doctor;

import java.util.ArrayList;
import java.util.List;

/** Collects the findings on one subject in the order of the checks. */
final class Findings {
    private final String subject;
    private final List<Finding> list = new ArrayList<>();

    Findings(final String subject) {
        this.subject = subject;
    }

    void ok(final String check, final String found) {
        list.add(new Finding(subject, check, Level.OK, found, List.of()));
    }

    void warning(final String check, final String found, final String... remedy) {
        list.add(new Finding(subject, check, Level.WARNING, found, List.of(remedy)));
    }

    void problem(final String check, final String found, final String... remedy) {
        list.add(new Finding(subject, check, Level.PROBLEM, found, List.of(remedy)));
    }

    List<Finding> list() {
        return List.copyOf(list);
    }
}
