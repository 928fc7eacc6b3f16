package io.naru.controlplane.reconcile;

import io.naru.dataplane.protocol.ServiceTrial;
import java.util.List;

/** Hears what a configuration would do that is not applied. */
public interface TrialListener {
    /** To each service that has flows or that it would change. */
    void onTried(List<ServiceTrial> services);

    /** The data plane would not take it. */
    void onRefused(String text);

    /** There is no answer, and {@code text} says why. */
    void onUnknown(String text);
}
