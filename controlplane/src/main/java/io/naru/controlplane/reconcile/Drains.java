package io.naru.controlplane.reconcile;

import io.naru.controlplane.events.Event;
import io.naru.controlplane.events.EventLog;
import io.naru.controlplane.reconcile.OperatorOverride.Setting;
import io.naru.dataplane.protocol.Stats;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Tells when a drain by hand is over: no flows are left, or its deadline has passed. For one
 * thread.
 */
final class Drains {
    private final EventLog events;
    private final Set<BackendName> overdue = new HashSet<>();
    private final Set<BackendName> emptied = new HashSet<>();

    Drains(final EventLog events) {
        this.events = events;
    }

    /** An override was set or has ended: a drain that comes is told of anew. */
    void onChange(final OperatorOverride override) {
        if (override.setting() == Setting.STATE) {
            final BackendName name = BackendName.of(override.target());
            overdue.remove(name);
            emptied.remove(name);
        }
    }

    /** Looks at every drain; returns whether a deadline has passed since the last time. */
    boolean watch(
            final Overrides overrides,
            final Predicate<BackendName> isConfigured,
            final Function<BackendName, Stats> statsOf,
            final long nowMs) {
        boolean isOver = false;
        for (final OperatorOverride override : overrides.all()) {
            final BackendName name = BackendName.of(override.target());
            if (override.setting() != Setting.STATE
                    || !override.value().equals("drain")
                    || !isConfigured.test(name)) {
                continue;
            }

            final long flows = statsOf.apply(name).flowsActive();
            if (flows == 0 && emptied.add(name)) {
                events.add(Event.Kind.OVERRIDE, override.target(), "is drained: no flows left");
            }
            if (overrides.isOverdue(name, nowMs) && overdue.add(name)) {
                isOver = true;
                if (flows > 0) {
                    events.add(
                            Event.Kind.OVERRIDE,
                            override.target(),
                            "the deadline of its drain passed: "
                                    + flows
                                    + (flows == 1 ? " flow is ended" : " flows are ended"));
                }
            }
        }

        return isOver;
    }
}
