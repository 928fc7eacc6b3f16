package io.naru.controlplane.events;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps the latest events for the API, and logs each of them. For one thread. */
public final class EventLog {
    /** Older events are forgotten; the system's log has them. */
    public static final int CAPACITY = 10_000;

    private static final Logger LOG = LoggerFactory.getLogger("naru.events");

    private final ArrayDeque<Event> events = new ArrayDeque<>();
    private final LongSupplier clockMs;
    private long lastSequence;

    /**
     * A log without events.
     *
     * @param clockMs the time of day.
     */
    public EventLog(final LongSupplier clockMs) {
        this.clockMs = clockMs;
    }

    /**
     * Adds an event that nobody asked for.
     *
     * @param kind what it is about.
     * @param subject what it happened to.
     * @param text in words.
     */
    public void add(final Event.Kind kind, final String subject, final String text) {
        add(kind, subject, text, null);
    }

    /**
     * Adds an event.
     *
     * @param kind what it is about.
     * @param subject what it happened to.
     * @param text in words.
     * @param actor who asked for it, or null.
     */
    public void add(
            final Event.Kind kind, final String subject, final String text, final Actor actor) {
        if (events.size() == CAPACITY) {
            events.removeFirst();
        }
        events.addLast(new Event(++lastSequence, clockMs.getAsLong(), kind, subject, text, actor));
        final String who =
                subject.equals(kind.label().replace('-', ' '))
                        ? subject
                        : kind.label() + " " + subject;
        LOG.info("{}: {}{}", who, text, actor == null ? "" : ", by " + actor);
    }

    /**
     * The latest events, the oldest of them first.
     *
     * @param after only events with a higher sequence number.
     * @param limit how many at most.
     * @param wanted which.
     * @return the events.
     */
    public List<Event> latest(final long after, final int limit, final Predicate<Event> wanted) {
        final List<Event> latest = new ArrayList<>();
        final var newestFirst = events.descendingIterator();
        while (newestFirst.hasNext() && latest.size() < limit) {
            final Event event = newestFirst.next();
            if (event.sequence() <= after) {
                break;
            }
            if (wanted.test(event)) {
                latest.add(event);
            }
        }
        Collections.reverse(latest);

        return latest;
    }

    /**
     * Sequence number of the newest event.
     *
     * @return 0 when there is none.
     */
    public long lastSequence() {
        return lastSequence;
    }
}
