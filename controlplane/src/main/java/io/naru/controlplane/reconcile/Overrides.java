package io.naru.controlplane.reconcile;

import io.naru.controlplane.config.AdminState;
import io.naru.controlplane.reconcile.OperatorOverride.Setting;
import io.naru.dataplane.protocol.Algorithm;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;

/**
 * All overrides in force, kept apart from the configuration: an apply does not touch them, also not
 * those of a backend that it removes. For one thread.
 */
public final class Overrides {
    private record Key(String target, Setting setting) implements Comparable<Key> {
        @Override
        public int compareTo(final Key other) {
            final int byTarget = target.compareTo(other.target);
            return byTarget != 0 ? byTarget : setting.compareTo(other.setting);
        }
    }

    private final TreeMap<Key, OperatorOverride> overrides = new TreeMap<>();

    public Overrides(final Collection<OperatorOverride> restored) {
        restored.forEach(this::set);
    }

    /** Sets one; returns the one that was in force before, or null. */
    public OperatorOverride set(final OperatorOverride override) {
        return overrides.put(new Key(override.target(), override.setting()), override);
    }

    /** Ends one; returns it, or null if there was none. */
    public OperatorOverride unset(final Setting setting, final String target) {
        return overrides.remove(new Key(target, setting));
    }

    /** The override in force, or null. */
    public OperatorOverride find(final Setting setting, final String target) {
        return overrides.get(new Key(target, setting));
    }

    /** All of them, in the order of what they are about. */
    public List<OperatorOverride> all() {
        return List.copyOf(overrides.values());
    }

    AdminState state(final BackendName backend, final AdminState fileState) {
        final OperatorOverride override = find(Setting.STATE, backend.toString());
        return override == null
                ? fileState
                : AdminState.valueOf(override.value().toUpperCase(Locale.ROOT));
    }

    /** Whether it is drained by hand and the deadline has passed. */
    boolean isOverdue(final BackendName backend, final long nowMs) {
        final OperatorOverride override = find(Setting.STATE, backend.toString());
        return override != null && override.deadlineMs() != 0 && nowMs >= override.deadlineMs();
    }

    int weight(final BackendName backend, final int fileWeight) {
        final OperatorOverride override = find(Setting.WEIGHT, backend.toString());
        return override == null ? fileWeight : Integer.parseInt(override.value());
    }

    /** The algorithm in force for a service. */
    public Algorithm algorithm(final String service, final Algorithm fileAlgorithm) {
        final OperatorOverride override = find(Setting.ALGORITHM, service);
        return override == null ? fileAlgorithm : Algorithm.ofLabel(override.value());
    }
}
