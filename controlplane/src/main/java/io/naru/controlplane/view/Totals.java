package io.naru.controlplane.view;

import io.naru.controlplane.reconcile.Rates.Rate;
import io.naru.dataplane.protocol.Stats;

/** Adds statistics of several services up. */
final class Totals {
    private Totals() {}

    static Stats add(final Stats a, final Stats b) {
        return new Stats(
                a.packetsToBackend() + b.packetsToBackend(),
                a.bytesToBackend() + b.bytesToBackend(),
                a.packetsToClient() + b.packetsToClient(),
                a.bytesToClient() + b.bytesToClient(),
                a.flowsOpened() + b.flowsOpened(),
                a.flowsActive() + b.flowsActive(),
                a.flowsRefused() + b.flowsRefused());
    }

    static Rate add(final Rate a, final Rate b) {
        return new Rate(
                a.newFlows() + b.newFlows(), a.packets() + b.packets(), a.bits() + b.bits());
    }
}
