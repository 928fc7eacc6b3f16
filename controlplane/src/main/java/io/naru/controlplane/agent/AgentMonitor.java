package io.naru.controlplane.agent;

import io.naru.controlplane.health.Timers;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Random;

/**
 * Asks every agent at its interval and keeps what each has said.
 *
 * <p>An agent that does not answer has said nothing new: what it said last stays, as its backend's
 * own check tells whether that lives. Everything runs on the thread of the {@link Timers}; no
 * method may be called from another.
 *
 * @param <K> names a backend.
 */
public final class AgentMonitor<K> implements AutoCloseable {
    /** An interval is shortened or lengthened by up to this part of it. */
    private static final double JITTER = 0.1;

    private static final long MAX_FIRST_DELAY_NS = 1_000_000_000;

    /** Makes one call to an agent. */
    @FunctionalInterface
    public interface Call {
        /** Asks; {@code answer} is called exactly once, at the latest at the target's timeout. */
        void ask(AgentTarget target, Answer answer);
    }

    /** Takes what came of a call. */
    @FunctionalInterface
    public interface Answer {
        /**
         * The call is over.
         *
         * @param line what it said; null if it said nothing.
         * @param problem why not, in words for people, of the agent; null if it did.
         */
        void onAnswer(String line, String problem);
    }

    /**
     * Hears of agents.
     *
     * @param <K> names a backend.
     */
    @FunctionalInterface
    public interface Listener<K> {
        /**
         * An agent says something else than before, or stopped or began to answer.
         *
         * @param text for people: {@code its agent says 50%, drain (was ready)}.
         * @param isChange whether what it has said is not what it was.
         */
        void onNews(K backend, String text, boolean isChange);
    }

    private final Call call;
    private final Timers timers;
    private final Random random;
    private final Listener<K> listener;
    private final Map<K, Asked> agents = new HashMap<>();

    /** A monitor that asks nobody yet. */
    public AgentMonitor(
            final Call call, final Timers timers, final Random random, final Listener<K> listener) {
        this.call = call;
        this.timers = timers;
        this.random = random;
        this.listener = listener;
    }

    /** Asks exactly these from now on; of one that stays as it is, what it said stays too. */
    public void replace(final Map<K, AgentTarget> wanted) {
        for (final Iterator<Map.Entry<K, Asked>> i = agents.entrySet().iterator(); i.hasNext(); ) {
            final Map.Entry<K, Asked> entry = i.next();
            if (!entry.getValue().target.equals(wanted.get(entry.getKey()))) {
                entry.getValue().stop();
                i.remove();
            }
        }

        wanted.forEach(
                (backend, target) -> {
                    if (!agents.containsKey(backend)) {
                        final Asked fresh = new Asked(backend, target);
                        agents.put(backend, fresh);
                        fresh.start();
                    }
                });
    }

    /** What the agent of a backend has said; {@link AgentState#SILENT} also if it has none. */
    public AgentState state(final K backend) {
        final Asked agent = agents.get(backend);
        return agent == null ? AgentState.SILENT : agent.state;
    }

    /** {@code 50%, drain} with where it was asked and whether it answers; null without an agent. */
    public String words(final K backend) {
        final Asked agent = agents.get(backend);
        return agent == null ? null : agent.words();
    }

    @Override
    public void close() {
        agents.values().forEach(Asked::stop);
        agents.clear();
    }

    private final class Asked {
        private final K backend;
        private final AgentTarget target;
        private AgentState state = AgentState.SILENT;
        private String problem = "has not been asked yet";
        private boolean wasAsked;
        private Runnable cancel = () -> {};
        private boolean stopped;

        Asked(final K backend, final AgentTarget target) {
            this.backend = backend;
            this.target = target;
        }

        void start() {
            cancel =
                    timers.after(
                            (long)
                                    (random.nextDouble()
                                            * Math.min(MAX_FIRST_DELAY_NS, target.intervalNs())),
                            this::ask);
        }

        private void ask() {
            if (stopped) {
                return;
            }

            final double jitter = 1 + JITTER * (2 * random.nextDouble() - 1);
            cancel = timers.after((long) (target.intervalNs() * jitter), this::ask);
            call.ask(target, this::onAnswer);
        }

        private void onAnswer(final String line, final String whyNot) {
            if (stopped) {
                return;
            }

            final AgentState.Reading reading = line == null ? null : state.hear(line);
            final String now =
                    reading == null
                            ? whyNot
                            : reading.hasMeaning()
                                    ? null
                                    : "said nothing that an agent says: " + reading.unknown();
            final AgentState before = state;
            if (now == null) {
                state = reading.state();
            }
            final boolean answersAnew = wasAsked && problem != null && now == null;
            final boolean failsAnew = now != null && (!wasAsked || problem == null);
            wasAsked = true;
            problem = now;
            if (!state.equals(before)) {
                listener.onNews(backend, "its agent says " + state + " (was " + before + ")", true);
            } else if (failsAnew) {
                listener.onNews(
                        backend,
                        "its agent at " + target + " " + now + "; it keeps what it said: " + state,
                        false);
            } else if (answersAnew) {
                listener.onNews(backend, "its agent answers again: " + state, false);
            }
        }

        String words() {
            return state + ", at " + target + (problem == null ? "" : ", which " + problem);
        }

        void stop() {
            stopped = true;
            cancel.run();
        }
    }
}
