package io.naru.controlplane.reconcile;

import io.naru.dataplane.protocol.CommandProxy;
import io.naru.dataplane.protocol.DesiredState;
import io.naru.dataplane.protocol.ServiceTrial;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Brings the data plane to the desired state, one change in flight at a time.
 *
 * <p>It remembers the state that the data plane has confirmed. As long as that is known,
 * differences go as single commands; when it is not (a data plane just found, a refusal, no
 * answer), the whole state goes. Sending it again does no harm: the data plane compares by name.
 * For one thread.
 */
public final class Reconciler {
    /** A change that is not confirmed by then is taken for lost. */
    public static final long ANSWER_TIMEOUT_MS = 5_000;

    /** Wait before a change that was refused or lost is tried again; doubled up to the maximum. */
    static final long RETRY_MIN_MS = 500;

    static final long RETRY_MAX_MS = 10_000;

    /** How a change ended. */
    public record Outcome(Result result, String text) {
        /** What became of it. */
        public enum Result {
            /** The data plane uses it. */
            CONFIRMED,
            /** The data plane refused it and changed nothing. */
            REFUSED,
            /** No answer came, or the data plane went: not known. */
            LOST,
            /** No data plane is there; it gets the state when it comes. */
            DEFERRED
        }

        static final Outcome CONFIRMED = new Outcome(Result.CONFIRMED, null);
        static final Outcome DEFERRED = new Outcome(Result.DEFERRED, "no data plane is attached");

        public boolean isConfirmed() {
            return result == Result.CONFIRMED;
        }
    }

    /** Hears of trouble, once per kind of it, and of its end. */
    public interface Listener {
        void onTrouble(String text);

        void onInSync();
    }

    private record Trial(DesiredState state, Consumer<Outcome> onEnd) {}

    private final Listener listener;
    private final List<Consumer<Outcome>> waiters = new ArrayList<>();
    private CommandProxy commands;
    private DesiredState desired;
    private DesiredState confirmed;
    private Transmission inFlight;
    private Trial trial;
    private boolean trialInFlight;
    private ConfigTrial preview;
    private boolean settled;
    private String trouble;
    private long retryAtMs;
    private long retryDelayMs;

    public Reconciler(final Listener listener) {
        this.listener = listener;
    }

    /** A data plane is there, and what it has is not known. */
    public void attach(final CommandProxy proxy) {
        commands = proxy;
        confirmed = null;
        inFlight = null;
        settled = false;
        retryAtMs = 0;
        retryDelayMs = 0;
    }

    /** The data plane has gone. */
    public void detach() {
        commands = null;
        confirmed = null;
        inFlight = null;
        settled = false;
        trouble = null;
        endTrial(new Outcome(Outcome.Result.LOST, "the data plane went away"));
        endWaiters(Outcome.DEFERRED);
        endPreview(ended -> ended.failed("the data plane went away"));
    }

    public boolean isAttached() {
        return commands != null;
    }

    /** The data plane should come to this state, now or when it is there. */
    public void want(final DesiredState state) {
        desired = state;
        settled = false;
    }

    /**
     * Tries a state that the data plane may refuse; only when it is confirmed does it become the
     * desired one. At most one at a time.
     *
     * @return false if another one is being tried.
     */
    public boolean attempt(final DesiredState state, final Consumer<Outcome> onEnd) {
        if (trial != null) {
            return false;
        }
        if (commands == null) {
            desired = state;
            onEnd.accept(Outcome.DEFERRED);
            return true;
        }

        trial = new Trial(state, onEnd);
        settled = false;
        return true;
    }

    /**
     * Asks what a state would do, which is not applied. At most one at a time.
     *
     * @return false if another one is being asked about.
     */
    public boolean preview(final DesiredState state, final TrialListener onEnd) {
        if (preview != null) {
            return false;
        }
        if (commands == null) {
            onEnd.onUnknown("no data plane is attached");
            return true;
        }

        preview = new ConfigTrial(state, onEnd);
        return true;
    }

    /**
     * Tells how long a backend takes to answer; not part of what is wanted, and nobody waits for
     * it.
     *
     * @return false if it did not go.
     */
    public boolean responseTime(final BackendName backend, final long responseTimeNs) {
        return commands != null
                && commands.setResponseTime(
                        commands.nextCorrelationId(),
                        backend.pool(),
                        backend.backend(),
                        responseTimeNs);
    }

    /** Calls back when the data plane has what is wanted now, or when that went wrong. */
    public void whenSettled(final Consumer<Outcome> onSettled) {
        if (commands == null) {
            onSettled.accept(Outcome.DEFERRED);
        } else {
            waiters.add(onSettled);
            settled = false;
        }
    }

    /** Whether the data plane has confirmed what is wanted. */
    public boolean isInSync() {
        return settled;
    }

    /** Why the data plane is not in sync, or null. */
    public String trouble() {
        return trouble;
    }

    /** Whether commands are out: worth polling soon again. */
    public boolean isBusy() {
        return inFlight != null || trial != null || preview != null;
    }

    /** One duty cycle: sends what there is to send and gives up what took too long. */
    public int poll(final long nowMs) {
        final int previewed = pollPreview(nowMs);
        if (commands == null
                || desired == null
                || settled
                || (preview != null && preview.isBeingSent())) {
            return previewed;
        }

        if (inFlight == null) {
            begin(nowMs);
        }
        if (inFlight == null) {
            return 0;
        }

        final boolean sent = inFlight.send();
        if (inFlight.isLate(nowMs)) {
            failed(
                    new Outcome(
                            Outcome.Result.LOST,
                            "the data plane did not answer within "
                                    + ANSWER_TIMEOUT_MS / 1_000
                                    + " s"),
                    nowMs);
        }

        return sent ? 1 : 0;
    }

    /** Begins when no other configuration is half sent: the parts of two must not be mixed. */
    private int pollPreview(final long nowMs) {
        if (preview == null || (inFlight != null && !inFlight.isSent())) {
            return 0;
        }

        if (!preview.isBegun()) {
            preview.begin(commands, nowMs + ANSWER_TIMEOUT_MS);
        }
        final boolean sent = preview.send();
        if (preview.isLate(nowMs)) {
            endPreview(
                    ended ->
                            ended.failed(
                                    "the data plane did not answer within "
                                            + ANSWER_TIMEOUT_MS / 1_000
                                            + " s"));
        }

        return sent ? 1 : 0;
    }

    public void onTriedService(final long correlationId, final ServiceTrial service) {
        if (preview != null && preview.isAnsweredBy(correlationId)) {
            preview.add(service);
        }
    }

    public void onTriedEnd(final long correlationId) {
        if (preview != null && preview.isAnsweredBy(correlationId)) {
            endPreview(ConfigTrial::answered);
        }
    }

    private void endPreview(final Consumer<ConfigTrial> end) {
        final ConfigTrial ended = preview;
        preview = null;
        if (ended != null) {
            end.accept(ended);
        }
    }

    private void begin(final long nowMs) {
        if (trial != null) {
            trialInFlight = true;
            start(trial.state, nowMs);
        } else if (nowMs >= retryAtMs) {
            start(desired, nowMs);
        }
    }

    private void start(final DesiredState target, final long nowMs) {
        final Changes changes = Changes.between(confirmed, target);
        if (changes.isEmpty()) {
            confirmed = target;
            succeeded();
        } else {
            inFlight = Transmission.of(target, changes, commands, nowMs + ANSWER_TIMEOUT_MS);
        }
    }

    public void onCommandDone(final long correlationId) {
        if (inFlight != null && inFlight.onAnswer(correlationId) && inFlight.isDone()) {
            confirmed = inFlight.target();
            inFlight = null;
            succeeded();
        }
    }

    public void onCommandFailed(final long correlationId, final String text, final long nowMs) {
        if (preview != null && preview.isAnsweredBy(correlationId)) {
            endPreview(ended -> ended.refused(text));
        } else if (inFlight != null && inFlight.onAnswer(correlationId)) {
            failed(new Outcome(Outcome.Result.REFUSED, text), nowMs);
        }
    }

    /** Answers may have been missed: what the data plane has is not known. */
    public void onEventsLost(final long nowMs) {
        if (inFlight != null) {
            failed(new Outcome(Outcome.Result.LOST, "events of the data plane were lost"), nowMs);
        }
        if (preview != null && preview.isBegun()) {
            endPreview(ended -> ended.failed("events of the data plane were lost: ask again"));
        }
    }

    private void succeeded() {
        retryDelayMs = 0;
        retryAtMs = 0;
        if (trialInFlight) {
            desired = confirmed;
            endTrial(Outcome.CONFIRMED);
        }
        if (trouble != null) {
            trouble = null;
            listener.onInSync();
        }
        if (trial == null && Changes.between(confirmed, desired).isEmpty()) {
            settled = true;
            endWaiters(Outcome.CONFIRMED);
        }
    }

    private void failed(final Outcome outcome, final long nowMs) {
        inFlight = null;
        settled = false;
        final boolean wasTrial = trialInFlight;
        if (!wasTrial || outcome.result() == Outcome.Result.LOST) {
            confirmed = null; // of several commands some may have been carried out
        }
        if (wasTrial) {
            endTrial(outcome);
            return;
        }

        retryDelayMs = Math.min(RETRY_MAX_MS, Math.max(RETRY_MIN_MS, 2 * retryDelayMs));
        retryAtMs = nowMs + retryDelayMs;
        if (!outcome.text().equals(trouble)) {
            trouble = outcome.text();
            listener.onTrouble(trouble);
        }
        endWaiters(outcome);
    }

    private void endTrial(final Outcome outcome) {
        if (trial != null) {
            final Consumer<Outcome> onEnd = trial.onEnd;
            trial = null;
            trialInFlight = false;
            onEnd.accept(outcome);
        }
    }

    private void endWaiters(final Outcome outcome) {
        final List<Consumer<Outcome>> ended = List.copyOf(waiters);
        waiters.clear();
        ended.forEach(waiter -> waiter.accept(outcome));
    }
}
