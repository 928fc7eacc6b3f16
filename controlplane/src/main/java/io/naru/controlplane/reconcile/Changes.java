package io.naru.controlplane.reconcile;

import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.DesiredState;
import io.naru.dataplane.protocol.ServiceSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * The small commands that lead from one state to another, or that only the whole state will do.
 *
 * @param backends whose weight, share or state changes.
 * @param services whose algorithm changes.
 * @param whole nothing less than the whole state says it; the lists are then empty.
 */
record Changes(List<BackendSpec> backends, List<ServiceSpec> services, boolean whole) {
    /**
     * More changes at once go as a whole state: the conductor then makes one new table, not many.
     */
    static final int MAX_SMALL = 16;

    private static final Changes WHOLE = new Changes(List.of(), List.of(), true);

    /** {@code from} is what the data plane has confirmed, null if that is not known. */
    static Changes between(final DesiredState from, final DesiredState to) {
        if (from == null
                || from.revision() != to.revision()
                || !from.pools().equals(to.pools())
                || !from.localAddresses().equals(to.localAddresses())
                || from.backends().size() != to.backends().size()
                || from.services().size() != to.services().size()) {
            return WHOLE;
        }

        final List<BackendSpec> backends = new ArrayList<>();
        for (int i = 0; i < to.backends().size(); i++) {
            final BackendSpec was = from.backends().get(i);
            final BackendSpec is = to.backends().get(i);
            if (!was.with(is.weight(), is.share(), is.state()).equals(is)) {
                return WHOLE;
            }
            final boolean told = is.state() != was.state() && is.state() != BackendState.KEEP;
            if (told || is.weight() != was.weight() || is.share() != was.share()) {
                backends.add(is);
            }
        }

        final List<ServiceSpec> services = new ArrayList<>();
        for (int i = 0; i < to.services().size(); i++) {
            final ServiceSpec was = from.services().get(i);
            final ServiceSpec is = to.services().get(i);
            if (!was.with(is.algorithm()).equals(is)) {
                return WHOLE;
            }
            if (is.algorithm() != was.algorithm()) {
                services.add(is);
            }
        }

        return backends.size() + services.size() > MAX_SMALL
                ? WHOLE
                : new Changes(backends, services, false);
    }

    boolean isEmpty() {
        return !whole && backends.isEmpty() && services.isEmpty();
    }
}
