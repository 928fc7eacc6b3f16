package io.naru.controlplane;

import io.naru.controlplane.events.Event;
import io.naru.controlplane.events.EventLog;
import io.naru.dataplane.protocol.BackendInfo;
import io.naru.dataplane.protocol.InterfaceInfo;
import io.naru.dataplane.protocol.IpAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Tells of next hops what is not expected: that there is none, that there is one again, that it is
 * another. That one is found at once is no news. For one thread.
 */
final class HopEvents {
    private static final long UNRESOLVED = 0;

    private final EventLog events;
    private final Map<IpAddress, Long> hops = new HashMap<>();

    HopEvents(final EventLog events) {
        this.events = events;
    }

    /** A data plane is there; it may have looked for the hops of these already. */
    void start(final List<BackendInfo> backends) {
        hops.clear();
        backends.forEach(backend -> hops.put(backend.spec().address(), backend.hop()));
    }

    /**
     * Takes what the data plane says of an address.
     *
     * @param hop as in {@link BackendInfo#hop()}.
     * @param reason why there is none.
     */
    void onHop(final IpAddress address, final long hop, final String reason) {
        final Long before = hops.put(address, hop);
        if (hop == UNRESOLVED) {
            add(address, "no next hop: " + reason);
        } else if (before != null && before == UNRESOLVED) {
            add(address, "next hop resolved");
        } else if (before != null && before != hop) {
            add(address, "next hop changed to " + InterfaceInfo.macText(hop));
        }
    }

    private void add(final IpAddress address, final String text) {
        events.add(Event.Kind.HOP, address.toString(), text);
    }
}
