package io.naru.dataplane.doctor;

import java.util.List;

/**
 * What one check found.
 *
 * @param subject {@code box}, or the name of an interface.
 * @param check the check's name; stable, because programs look for it.
 * @param found what is the case, for people.
 * @param remedy commands to type, in order; none if there is nothing to do or no command does it.
 */
record Finding(String subject, String check, Level level, String found, List<String> remedy) {
    /** The subject of what isn't about one interface. */
    static final String BOX = "box";

    Finding {
        remedy = List.copyOf(remedy);
    }
}
