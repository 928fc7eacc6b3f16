package io.naru.controlplane.events;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class EventLogTest {
    private final EventLog log = new EventLog(() -> 1_000);

    @Test
    void shouldGiveTheLatestInTheOrderInWhichTheyHappened() {
        addAll(5);

        assertEquals(List.of(4L, 5L), sequences(log.latest(0, 2, event -> true)));
        assertEquals(List.of(4L, 5L), sequences(log.latest(3, 100, event -> true)));
        assertEquals(List.of(), sequences(log.latest(5, 100, event -> true)));
        assertEquals(
                List.of(2L), sequences(log.latest(0, 100, event -> event.text().equals("no 2"))));
    }

    @Test
    void shouldForgetTheOldestWhenFull() {
        addAll(EventLog.CAPACITY + 3);

        final List<Event> all = log.latest(0, Integer.MAX_VALUE, event -> true);

        assertEquals(EventLog.CAPACITY, all.size());
        assertEquals(4, all.get(0).sequence());
        assertEquals(EventLog.CAPACITY + 3, log.lastSequence());
    }

    private void addAll(final int count) {
        for (int i = 1; i <= count; i++) {
            log.add(Event.Kind.HEALTH, "web/s1", "no " + i);
        }
    }

    private static List<Long> sequences(final List<Event> events) {
        return events.stream().map(Event::sequence).toList();
    }
}
