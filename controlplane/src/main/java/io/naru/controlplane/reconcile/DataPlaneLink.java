package io.naru.controlplane.reconcile;

import io.naru.controlplane.health.CheckTarget;
import io.naru.dataplane.protocol.CncFile;
import io.naru.dataplane.protocol.CncFileException;
import io.naru.dataplane.protocol.DataPlaneClient;
import io.naru.dataplane.protocol.EventListener;
import io.naru.dataplane.protocol.FlowFilter;
import io.naru.dataplane.protocol.FlowInfo;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.PacketAnswer;
import io.naru.dataplane.protocol.PacketQuery;
import io.naru.dataplane.protocol.ServiceTrial;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Finds the data plane of a run directory, holds on to it while it lives, says in words when it
 * does not, and finds the next one.
 *
 * <pre>
 *   ABSENT ──────▶ ATTACHED ◀────▶ SILENT (the process lives, its conductor shows no sign of it)
 *     ▲              │  ▲            │
 *     │ no file      ▼  │ a new one  ▼
 *     └──────────── GONE (stopped or died; its file is still mapped and can be read)
 * </pre>
 *
 * <p>For one thread, which calls {@link #poll}.
 */
public final class DataPlaneLink implements AutoCloseable {
    /** Between two looks for a data plane, and between two keep-alives. */
    static final long LOOK_INTERVAL_MS = 250;

    /** A query for flows that was not answered by then has failed. */
    static final long QUERY_TIMEOUT_MS = 5_000;

    /** Queries at a time; more would lap the readers of the event buffer. */
    static final int MAX_QUERIES = 3;

    private static final int EVENTS_PER_POLL = 2_000;

    /** Whether there is a data plane. */
    public enum State {
        /** None was started with this run directory. */
        ABSENT("absent"),
        /** It lives and takes commands. */
        ATTACHED("running"),
        /** Its process lives, but its conductor does not answer. */
        SILENT("not responding"),
        /** It stopped or died. */
        GONE("gone");

        private final String label;

        State(final String label) {
            this.label = label;
        }

        /** The words for it in output. */
        public String label() {
            return label;
        }
    }

    /** Hears when the data plane comes and goes. */
    public interface Listener {
        /** It is there; {@code directory} and statistics can be read until {@link #onGone}. */
        void onAttached(DataPlaneClient client);

        /** It stopped, died or hangs; {@code text} says so. */
        void onGone(String text);

        /** There is none, or it cannot be used; said once for each text. */
        void onWaiting(String text);

        /** It says something without having been asked. */
        void onNews(String text);

        void onHop(IpAddress address, long hop, String reason);
    }

    /** The answer to a query for flows. */
    public interface FlowsListener {
        void onFlows(List<FlowInfo> flows, long matched);

        /** The data plane does not take the filter. */
        void onRefused(String text);

        /** There is no answer. */
        void onFailed(String text);
    }

    private static final class Query {
        private final FlowsListener listener;
        private final long deadlineMs;
        private final List<FlowInfo> flows = new ArrayList<>();

        Query(final FlowsListener listener, final long deadlineMs) {
            this.listener = listener;
            this.deadlineMs = deadlineMs;
        }
    }

    private record Question(ExplainListener listener, long deadlineMs) {}

    private final Path runDirectory;
    private final LongSupplier clockMs;
    private final Reconciler reconciler;
    private final Listener listener;
    private final long pid = ProcessHandle.current().pid();
    private final Map<Long, Query> queries = new HashMap<>();
    private final Map<Long, Question> questions = new HashMap<>();
    private final EventListener events = new Events();
    private DataPlaneClient client;
    private State state = State.ABSENT;
    private String waitingFor;
    private long nextLookMs;

    public DataPlaneLink(
            final Path runDirectory,
            final LongSupplier clockMs,
            final Reconciler reconciler,
            final Listener listener) {
        this.runDirectory = runDirectory;
        this.clockMs = clockMs;
        this.reconciler = reconciler;
        this.listener = listener;
    }

    /** One duty cycle: events, commands, and now and then a look whether it lives. */
    public int poll() {
        final long nowMs = clockMs.getAsLong();
        int work = 0;
        if (state == State.ATTACHED) {
            work += client.poll(EVENTS_PER_POLL);
            work += reconciler.poll(nowMs);
        }
        if (nowMs >= nextLookMs) {
            nextLookMs = nowMs + LOOK_INTERVAL_MS;
            look(nowMs);
            failLateQueries(nowMs);
            failLateQuestions(nowMs);
        }

        return work;
    }

    private void look(final long nowMs) {
        if (state == State.ATTACHED) {
            if (client.isAlive(nowMs)) {
                client.commands().ping(client.commands().nextCorrelationId(), pid);
            } else {
                onLost(nowMs);
            }
        } else if (state == State.SILENT && client.isAlive(nowMs)) {
            attach();
        } else if (client == null || client.cncFile().isReplaced()) {
            find(nowMs);
        } else if (state == State.SILENT && !client.cncFile().isProcessAlive()) {
            state = State.GONE;
            listener.onGone(describe(nowMs));
        }
    }

    private void find(final long nowMs) {
        final DataPlaneClient found;
        try {
            found = DataPlaneClient.open(runDirectory, events);
        } catch (final CncFileException e) {
            waiting(e.getMessage());
            return;
        }

        if (client != null) {
            client.close();
        }
        client = found;
        if (found.cncFile().isReadOnly()) {
            state = State.GONE;
            waiting(
                    "not permitted to command the data plane: cannot write "
                            + found.cncFile().path());
        } else if (found.isAlive(nowMs)) {
            attach();
        } else {
            state = found.cncFile().isProcessAlive() ? State.SILENT : State.GONE;
            waiting(describe(nowMs));
        }
    }

    private void attach() {
        state = State.ATTACHED;
        waitingFor = null;
        reconciler.attach(client.commands());
        listener.onAttached(client);
    }

    private void onLost(final long nowMs) {
        state = client.cncFile().isProcessAlive() ? State.SILENT : State.GONE;
        reconciler.detach();
        failQueries("the data plane went away");
        listener.onGone(describe(nowMs));
    }

    private void waiting(final String text) {
        if (!text.equals(waitingFor)) {
            waitingFor = text;
            listener.onWaiting(text);
        }
    }

    /** How the data plane is, with its pid and last error where it is gone. */
    public String describe(final long nowMs) {
        return client == null
                ? waitingFor == null ? "not looked for yet" : waitingFor
                : describe(client.cncFile(), nowMs);
    }

    /** How a live or dead data plane is: {@code pid 7 died: last heartbeat 3 s ago; …}. */
    public static String describe(final CncFile file, final long nowMs) {
        final String who = "pid " + file.pid();
        final String error =
                file.lastError() == null ? "" : "; its last error: " + file.lastError();
        if (file.isHeartbeatFresh(nowMs) && file.isProcessAlive()) {
            return who + " runs";
        }
        if (file.stoppedEpochMs() != 0) {
            return who + " stopped " + ago(nowMs - file.stoppedEpochMs()) + error;
        }

        final String heartbeat = "last heartbeat " + ago(nowMs - file.heartbeatEpochMs());
        return file.isProcessAlive()
                ? who + " does not respond: its process lives, " + heartbeat + error
                : who + " died: " + heartbeat + error;
    }

    private static String ago(final long durationMs) {
        return CheckTarget.words(TimeUnit.MILLISECONDS.toNanos(Math.max(0, durationMs))) + " ago";
    }

    /** Asks for flows; the answer comes inside a later {@link #poll}. */
    public void queryFlows(final FlowFilter filter, final FlowsListener answer) {
        if (state != State.ATTACHED) {
            answer.onFailed(describe(clockMs.getAsLong()));
            return;
        }
        if (queries.size() == MAX_QUERIES) {
            answer.onFailed(MAX_QUERIES + " queries for flows are being answered already");
            return;
        }

        final long id = client.commands().nextCorrelationId();
        if (client.commands().queryFlows(id, filter)) {
            queries.put(id, new Query(answer, clockMs.getAsLong() + QUERY_TIMEOUT_MS));
        } else {
            answer.onFailed("the data plane takes no commands: its ring is full");
        }
    }

    /** Asks what would become of a packet; the answer comes inside a later {@link #poll}. */
    public void explain(final PacketQuery packet, final ExplainListener answer) {
        if (state != State.ATTACHED) {
            answer.onFailed(describe(clockMs.getAsLong()));
            return;
        }
        if (questions.size() == MAX_QUERIES) {
            answer.onFailed(MAX_QUERIES + " questions about packets are being answered already");
            return;
        }

        final long id = client.commands().nextCorrelationId();
        if (client.commands().explain(id, packet)) {
            questions.put(id, new Question(answer, clockMs.getAsLong() + QUERY_TIMEOUT_MS));
        } else {
            answer.onFailed("the data plane takes no commands: its ring is full");
        }
    }

    /** Whether an answer is awaited: worth polling soon again. */
    public boolean isBusy() {
        return !queries.isEmpty() || !questions.isEmpty();
    }

    private void failLateQueries(final long nowMs) {
        final List<Query> late = new ArrayList<>();
        queries.values()
                .removeIf(
                        query -> {
                            final boolean isLate = nowMs > query.deadlineMs;
                            if (isLate) {
                                late.add(query);
                            }
                            return isLate;
                        });
        late.forEach(
                query ->
                        query.listener.onFailed(
                                "the data plane did not answer within "
                                        + QUERY_TIMEOUT_MS / 1_000
                                        + " s"));
    }

    private void failLateQuestions(final long nowMs) {
        final List<Question> late =
                questions.values().stream().filter(each -> nowMs > each.deadlineMs).toList();
        questions.values().removeAll(late);
        late.forEach(each -> each.listener.onFailed("the data plane did not answer"));
    }

    private void failQueries(final String text) {
        final List<Question> unanswered = List.copyOf(questions.values());
        questions.clear();
        unanswered.forEach(each -> each.listener.onFailed(text));
        final List<Query> failed = List.copyOf(queries.values());
        queries.clear();
        failed.forEach(query -> query.listener.onFailed(text));
    }

    public State state() {
        return state;
    }

    /** The mapped file of the live or last data plane; null if there was none. */
    public DataPlaneClient client() {
        return client;
    }

    @Override
    public void close() {
        failQueries("the control plane stops");
        if (client != null) {
            client.close();
            client = null;
        }
        state = State.ABSENT;
    }

    private final class Events implements EventListener {
        @Override
        public void onCommandDone(final long correlationId, final long epoch) {
            reconciler.onCommandDone(correlationId);
        }

        @Override
        public void onCommandFailed(final long correlationId, final String text) {
            final Question question = questions.remove(correlationId);
            if (question != null) {
                question.listener.onRefused(text);
                return;
            }

            final Query query = queries.remove(correlationId);
            if (query == null) {
                reconciler.onCommandFailed(correlationId, text, clockMs.getAsLong());
            } else {
                query.listener.onRefused(text);
            }
        }

        @Override
        public void onFlow(final long correlationId, final FlowInfo flow) {
            final Query query = queries.get(correlationId);
            if (query != null) {
                query.flows.add(flow);
            }
        }

        @Override
        public void onFlowsEnd(final long correlationId, final long matched, final int shown) {
            final Query query = queries.remove(correlationId);
            if (query != null) {
                query.listener.onFlows(query.flows, matched);
            }
        }

        @Override
        public void onExplained(final long correlationId, final PacketAnswer answer) {
            final Question question = questions.remove(correlationId);
            if (question != null) {
                question.listener.onExplained(answer);
            }
        }

        @Override
        public void onTriedService(final long correlationId, final ServiceTrial service) {
            reconciler.onTriedService(correlationId, service);
        }

        @Override
        public void onTriedEnd(final long correlationId) {
            reconciler.onTriedEnd(correlationId);
        }

        @Override
        public void onHop(final IpAddress address, final long hop, final String reason) {
            listener.onHop(address, hop, reason);
        }

        @Override
        public void onStarted(final long startedPid) {
            listener.onNews("attached to its interfaces");
        }

        @Override
        public void onStopping(final long stoppingPid) {
            listener.onNews("stops");
        }

        @Override
        public void onWorkerFailed(final int workerId, final String text) {
            listener.onNews("worker " + workerId + " failed: " + text);
        }

        @Override
        public void onEventsLost() {
            reconciler.onEventsLost(clockMs.getAsLong());
            failQueries("events of the data plane were lost: ask again");
        }
    }
}
