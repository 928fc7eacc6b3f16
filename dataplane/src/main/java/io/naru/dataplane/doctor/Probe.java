package io.naru.dataplane.doctor;

/**
 * What came of trying something.
 *
 * @param works it did.
 * @param errno the kernel's refusal; 0 if it works or something else stood in the way.
 * @param text why it didn't; empty if it did.
 */
record Probe(boolean works, int errno, String text) {
    static Probe working() {
        return new Probe(true, 0, "");
    }

    /** Only the first line of {@code text}: the verifier of the kernel says a lot. */
    static Probe refused(final int errno, final String text) {
        return new Probe(false, errno, text.lines().findFirst().orElse(""));
    }
}
