package io.naru.dataplane;

import io.naru.dataplane.protocol.DesiredState;
import io.naru.dataplane.protocol.EventProxy;
import java.util.function.Consumer;

/**
 * Receives configurations, one at a time, from the begin to the end. One that is refused is
 * answered once, whatever still comes of it. The conductor's.
 */
final class ConfigReceiver {
    private final EventProxy events;
    private final Failures failures;
    private ConfigTransaction transaction; // or null
    private long refused;

    ConfigReceiver(final EventProxy events, final Failures failures) {
        this.events = events;
        this.failures = failures;
    }

    /** A configuration begins; one that is still open is refused. */
    void begin(final ConfigTransaction begun) {
        if (transaction != null) {
            refuse();
            events.commandFailed(
                    refused, "another configuration was begun before this one was committed");
        }

        transaction = begun;
    }

    /** Parts of a configuration that was refused already, or of none, are passed over. */
    void put(final long correlationId, final Consumer<ConfigTransaction> part) {
        if (isOpen(correlationId)) {
            try {
                part.accept(transaction);
            } catch (final RuntimeException ex) {
                refuse();
                failures.fail(correlationId, ex);
            }
        }
    }

    /**
     * A configuration is complete.
     *
     * @param purpose what it was sent for, as clients are told if it was not sent.
     * @param use what is done with it; throws if it is refused.
     */
    void end(final long correlationId, final String purpose, final Consumer<DesiredState> use) {
        if (!isOpen(correlationId)) {
            if (correlationId != refused) {
                events.commandFailed(correlationId, "there is no configuration to " + purpose);
            }
            return;
        }

        try {
            use.accept(transaction.complete());
        } catch (final RuntimeException ex) {
            failures.fail(correlationId, ex);
        } finally {
            transaction = null;
        }
    }

    /**
     * A message is not understood; if it is part of the configuration, that is refused.
     *
     * @return whether its sender is to be told, as it has not been told already.
     */
    boolean garbled(final long correlationId) {
        if (correlationId == refused && correlationId != 0) {
            return false;
        }
        if (isOpen(correlationId)) {
            refuse();
        }
        return true;
    }

    private boolean isOpen(final long correlationId) {
        return transaction != null && transaction.correlationId() == correlationId;
    }

    /** Passes over what still comes of a configuration whose refusal is sent. */
    private void refuse() {
        refused = transaction.correlationId();
        transaction = null;
    }
}
