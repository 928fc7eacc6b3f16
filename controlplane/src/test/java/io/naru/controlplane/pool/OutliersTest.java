package io.naru.controlplane.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.controlplane.config.AdminState;
import io.naru.controlplane.config.OutlierRules;
import io.naru.controlplane.config.Role;
import io.naru.controlplane.pool.Outliers.Openings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class OutliersTest {
    private final Outliers outliers = new Outliers(OutlierRules.DEFAULT);
    private final Map<String, Openings> counted = new HashMap<>();
    private final List<String> told = new ArrayList<>();
    private List<Member> members = pool(4);
    private long nowMs = 1_000_000;

    @Test
    void shouldEjectABackendWhoseConnectionsDoNotOpen() {
        second();
        count("s0", 8, 4, 2);
        count("s1", 8, 0, 4);
        second();

        assertEquals(
                List.of(
                        "s0: ejected for 30 s: 6 of 8 openings failed in 10 s (4 unanswered, 2 refused)"),
                told);
        assertEquals(nowMs + 30_000, outliers.ejection("s0").untilMs());
        assertNull(outliers.ejection("s1"), "4 failures are not 5");
    }

    @Test
    void shouldLookAtThePartThatFails() {
        second();
        count("s0", 100, 49, 0);
        second();
        assertNull(outliers.ejection("s0"));

        count("s0", 20, 20, 0);
        second();
        assertNotNull(outliers.ejection("s0"), "69 of 120 within the interval");
    }

    @Test
    void shouldForgetWhatIsOlderThanTheInterval() {
        second();
        count("s0", 4, 4, 0);
        for (int i = 0; i < 11; i++) {
            second();
        }
        count("s0", 4, 4, 0);
        second();

        assertNull(outliers.ejection("s0"));
    }

    @Test
    void shouldTakeItBackAfterTheEjection() {
        eject("s0");
        nowMs += 29_000;
        second();

        assertNull(outliers.ejection("s0"));
        assertEquals("s0: takes new flows again after its ejection", told.get(1));
    }

    @Test
    void shouldEjectForLongerEachTimeUpToALimit() {
        for (int times = 1; times <= Outliers.MAX_TIMES + 2; times++) {
            eject("s0");
            final Ejection ejection = outliers.ejection("s0");
            assertEquals(
                    Math.min(times, Outliers.MAX_TIMES) * 30_000L,
                    ejection.untilMs() - ejection.sinceMs());
            nowMs = ejection.untilMs() - 1_000;
            second();
        }
    }

    @Test
    void shouldForgiveWithTime() {
        eject("s0");
        nowMs = outliers.ejection("s0").untilMs();
        for (int i = 0; i < 12; i++) {
            second();
        }
        eject("s0");

        assertEquals(1, outliers.ejection("s0").times());
    }

    @Test
    void shouldEjectNoMoreThanTheRulesAllowTheWorstFirst() {
        members = pool(7); // 30 % of 7 is 2
        second();
        for (int i = 0; i < 7; i++) {
            count("s" + i, 10 + i, 10 + i, 0);
        }
        second();
        second();

        assertEquals(2, outliers.ejected());
        assertNotNull(outliers.ejection("s6"));
        assertNotNull(outliers.ejection("s5"));
        assertTrue(
                told.contains(
                        "s4: 14 of 14 openings failed in 10 s (14 unanswered, 0 refused), but not"
                                + " ejected: 2 of 7 backends are already"),
                told.toString());
        assertEquals(7, told.size(), "each is told once");
    }

    @Test
    void shouldEjectOneOfTwoButNeverTheLast() {
        members = pool(2);
        eject("s0");
        count("s1", 10, 10, 0);
        second();

        assertNull(outliers.ejection("s1"));
        assertTrue(told.get(1).endsWith("not ejected: no other backend is up"), told.toString());
    }

    @Test
    void shouldTakeBackWhatWouldLeaveNobody() {
        members = pool(2);
        eject("s0");
        members = List.of(members.get(0), member("s1", AdminState.UP, BackendHealth.DOWN));

        outliers.settle(members, nowMs).forEach(this::tell);

        assertNull(outliers.ejection("s0"));
        assertEquals("s0: takes new flows again: too few others are up", told.get(1));
    }

    @Test
    void shouldLeaveTheWordToTheCheckOnceItFails() {
        eject("s0");
        final List<Member> failing = new ArrayList<>(members);
        failing.set(0, member("s0", AdminState.UP, BackendHealth.DOWN));
        members = failing;
        second();

        assertNull(outliers.ejection("s0"));
    }

    @Test
    void shouldNotTakeAnotherDataPlaneForABadBackend() {
        count("s0", 100, 10, 0);
        second();
        counted.put("s0", new Openings(6, 6, 0));
        second();

        assertNull(outliers.ejection("s0"));
    }

    @Test
    void shouldKeepItsBoundsWhateverHappens() {
        final long seed = Long.getLong("naru.seed", System.nanoTime());
        final Random random = new Random(seed);
        for (int round = 0; round < 200; round++) {
            final OutlierRules rules =
                    new OutlierRules(
                            1 + random.nextInt(10),
                            1 + random.nextInt(100),
                            Duration.ofSeconds(1 + random.nextInt(20)),
                            Duration.ofSeconds(1 + random.nextInt(60)),
                            1 + random.nextInt(100));
            final Outliers any = new Outliers(rules);
            final int size = 1 + random.nextInt(10);
            for (int second = 0; second < 100; second++) {
                nowMs += 500 + random.nextInt(1_000);
                final List<Member> now = new ArrayList<>();
                for (int i = 0; i < size; i++) {
                    now.add(
                            member(
                                    "s" + i,
                                    random.nextInt(20) == 0 ? AdminState.DRAIN : AdminState.UP,
                                    random.nextInt(20) == 0
                                            ? BackendHealth.DOWN
                                            : BackendHealth.UP));
                    count("s" + i, random.nextInt(20), random.nextInt(10), random.nextInt(5));
                }
                any.sample(now, name -> counted.getOrDefault(name, Openings.NONE), nowMs);

                final long candidates = now.stream().filter(Member::isCandidate).count();
                final long out = now.stream().filter(m -> any.ejection(m.name()) != null).count();
                final String what = "seed " + seed + " round " + round + " second " + second;
                assertTrue(out <= Math.max(1, candidates * rules.maxEjectedPercent() / 100), what);
                assertTrue(candidates == 0 ? out == 0 : out < candidates, what);
            }
        }
    }

    private void eject(final String name) {
        second();
        count(name, 10, 10, 0);
        second();
        assertNotNull(outliers.ejection(name), told.toString());
    }

    private void second() {
        nowMs += 1_000;
        outliers.sample(members, name -> counted.getOrDefault(name, Openings.NONE), nowMs)
                .forEach(this::tell);
    }

    private void tell(final News news) {
        told.add(news.backend() + ": " + news.text());
    }

    private void count(
            final String name, final long opened, final long unanswered, final long refused) {
        final Openings was = counted.getOrDefault(name, Openings.NONE);
        counted.put(
                name,
                new Openings(
                        was.opened() + opened,
                        was.unanswered() + unanswered,
                        was.refused() + refused));
    }

    private static List<Member> pool(final int size) {
        final List<Member> members = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            members.add(member("s" + i, AdminState.UP, BackendHealth.UP));
        }
        return members;
    }

    private static Member member(
            final String name, final AdminState wanted, final BackendHealth health) {
        return new Member(name, Role.REGULAR, wanted, false, 100, health, null);
    }
}
