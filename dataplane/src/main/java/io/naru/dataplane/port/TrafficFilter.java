package io.naru.dataplane.port;

/**
 * Tells the edge (the XDP program, for an AF_XDP port) which frames are ours; all others stay with
 * the kernel.
 *
 * <p>Called by the conductor only. {@link #add} comes before the workers get the table that serves
 * the new rules, {@link #retain} after they have let go of the old one, so that no frame arrives
 * that nobody understands.
 */
public interface TrafficFilter {
    /** A filter for ports that hand over everything they read. */
    TrafficFilter ALL =
            new TrafficFilter() {
                @Override
                public void add(final FilterRules rules) {}

                @Override
                public void retain(final FilterRules rules) {}
            };

    /** Makes sure that everything in {@code rules} is let in; what is let in already stays. */
    void add(FilterRules rules);

    /** Lets in exactly {@code rules}: whatever else was let in is taken out. */
    void retain(FilterRules rules);
}
