package io.naru.dataplane;

import io.naru.dataplane.protocol.CncFile;
import io.naru.dataplane.protocol.EventProxy;
import org.agrona.concurrent.EpochClock;
import org.agrona.concurrent.errors.DistinctErrorLog;

/** Tells clients what was refused, and operators what went wrong. The conductor's. */
final class Failures {
    private final CncFile cncFile;
    private final EventProxy events;
    private final DistinctErrorLog errorLog;
    private final EpochClock epochClock;

    Failures(
            final CncFile cncFile,
            final EventProxy events,
            final DistinctErrorLog errorLog,
            final EpochClock epochClock) {
        this.cncFile = cncFile;
        this.events = events;
        this.errorLog = errorLog;
        this.epochClock = epochClock;
    }

    /** A command can't be carried out; reported too, unless it is a refusal. */
    void fail(final long correlationId, final RuntimeException ex) {
        if (!(ex instanceof IllegalArgumentException)) {
            report(ex);
        }
        refuse(correlationId, ex);
    }

    /** A command can't be carried out, which is nothing to report or has been reported. */
    void refuse(final long correlationId, final RuntimeException ex) {
        events.commandFailed(
                correlationId,
                ex instanceof IllegalArgumentException ? ex.getMessage() : ex.toString());
    }

    /** A failure that is no refusal; the running table stays as it is. */
    void report(final Throwable ex) {
        report(ex, ex.toString());
    }

    /**
     * @param text what is shown of it.
     */
    void report(final Throwable ex, final String text) {
        errorLog.record(ex);
        cncFile.lastError(text, epochClock.time());
    }
}
