package io.naru.bench.system;

import io.naru.bench.topology.Family;
import io.naru.bench.topology.Topology;
import io.naru.bench.topology.Variant;
import java.util.ArrayList;
import java.util.List;

/** One way of forwarding, to a VIP of one family. */
record Case(Variant variant, Family family) {
    /** Every case that a topology can serve. */
    static List<Case> of(final Topology topology) {
        final List<Case> cases = new ArrayList<>();
        for (final Variant variant : Variant.values()) {
            if (topology.serves(variant)) {
                for (final Family family : Family.values()) {
                    cases.add(new Case(variant, family));
                }
            }
        }

        return cases;
    }

    @Override
    public String toString() {
        return variant.label() + " to " + family.of("IPv4", "IPv6");
    }
}
