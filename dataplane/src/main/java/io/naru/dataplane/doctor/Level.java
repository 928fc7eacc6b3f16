package io.naru.dataplane.doctor;

/** How serious a finding is. */
enum Level {
    /** As it should be. */
    OK("ok", ""),
    /** Works, but slower, or not for everything. */
    WARNING("warning", "\u001b[33m"),
    /** Naru won't start, or packets will be lost. */
    PROBLEM("problem", "\u001b[31m");

    private final String word;
    private final String colour;

    Level(final String word, final String colour) {
        this.word = word;
        this.colour = colour;
    }

    String word() {
        return word;
    }

    /** The escape sequence that a terminal shows it with; empty for none. */
    String colour() {
        return colour;
    }
}
