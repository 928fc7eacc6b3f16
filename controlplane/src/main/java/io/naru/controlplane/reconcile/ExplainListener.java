package io.naru.controlplane.reconcile;

import io.naru.dataplane.protocol.PacketAnswer;

/** Hears what would become of a packet. */
public interface ExplainListener {
    void onExplained(PacketAnswer answer);

    /** The data plane does not take the question. */
    void onRefused(String text);

    /** There is no answer. */
    void onFailed(String text);
}
