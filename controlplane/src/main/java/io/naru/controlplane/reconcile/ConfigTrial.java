package io.naru.controlplane.reconcile;

import io.naru.dataplane.protocol.CommandProxy;
import io.naru.dataplane.protocol.DesiredState;
import io.naru.dataplane.protocol.ServiceTrial;
import java.util.ArrayList;
import java.util.List;

/** A state on its way to the data plane that is only to say what it would do with it. */
final class ConfigTrial {
    private final DesiredState state;
    private final TrialListener listener;
    private final List<ServiceTrial> services = new ArrayList<>();
    private Transmission transmission;

    ConfigTrial(final DesiredState state, final TrialListener listener) {
        this.state = state;
        this.listener = listener;
    }

    boolean isBegun() {
        return transmission != null;
    }

    /** Whether parts of it are out and others are not: nothing else may be sent in between. */
    boolean isBeingSent() {
        return transmission != null && !transmission.isSent();
    }

    void begin(final CommandProxy commands, final long deadlineMs) {
        transmission = Transmission.ofTrial(state, commands, deadlineMs);
    }

    boolean send() {
        return transmission.send();
    }

    boolean isLate(final long nowMs) {
        return transmission.isLate(nowMs);
    }

    boolean isAnsweredBy(final long correlationId) {
        return transmission != null && transmission.isAwaited(correlationId);
    }

    void add(final ServiceTrial service) {
        services.add(service);
    }

    void answered() {
        listener.onTried(services);
    }

    void refused(final String text) {
        listener.onRefused(text);
    }

    void failed(final String text) {
        listener.onUnknown(text);
    }
}
