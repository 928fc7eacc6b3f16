package io.naru.controlplane.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.controlplane.config.AdminState;
import io.naru.controlplane.config.PoolRules;
import io.naru.controlplane.config.Role;
import io.naru.controlplane.pool.Standing.Cause;
import io.naru.dataplane.protocol.BackendState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PoolStateTest {
    private static final Ejection EJECTION = new Ejection(0, 30_000, 1, "6 of 8 openings failed");

    private final List<String> told = new ArrayList<>();
    private PoolState state;
    private long nowMs = 1_000_000;

    @ParameterizedTest(name = "{0} and {1} is {2}")
    @CsvSource({
        "UP,    UNCHECKED, UP",
        "UP,    UP,        UP",
        "UP,    DOWN,      DOWN",
        "UP,    UNDECIDED, KEEP",
        "UP,    RESTING,   KEEP",
        "UP,    UNPROVEN,  DOWN",
        "DRAIN, UNCHECKED, DRAIN",
        "DRAIN, UP,        DRAIN",
        "DRAIN, DOWN,      DOWN",
        "DRAIN, UNDECIDED, DRAIN",
        "DRAIN, RESTING,   DRAIN",
        "DRAIN, UNPROVEN,  DRAIN",
        "DOWN,  UNCHECKED, DOWN",
        "DOWN,  UP,        DOWN",
        "DOWN,  DOWN,      DOWN",
        "DOWN,  UNDECIDED, DOWN",
        "DOWN,  RESTING,   DOWN",
        "DOWN,  UNPROVEN,  DOWN",
    })
    void shouldMergeWhatIsWantedWithWhatIsFound(
            final AdminState wanted, final BackendHealth health, final BackendState expected) {
        look(PoolRules.NONE, member("s1", Role.REGULAR, wanted, health));

        assertEquals(expected, of("s1").state());
    }

    // -- who serves
    // ---------------------------------------------------------------------------------

    @Test
    void shouldLetBackupsServeOnlyWhileNoRegularBackendIsUp() {
        look(PoolRules.NONE, up("s1"), down("s2"), backup("b1"), backup("b2"));
        assertEquals("s1 UP, s2 DOWN, b1 STANDBY, b2 STANDBY", states());
        assertEquals(Cause.STANDBY, of("b1").cause());

        look(PoolRules.NONE, down("s1"), down("s2"), backup("b1"), backup("b2"));
        assertEquals("s1 DOWN, s2 DOWN, b1 UP, b2 UP", states());
        assertEquals("no regular backend is up", of("b1").reason());

        look(PoolRules.NONE, up("s1"), down("s2"), backup("b1"), backup("b2"));
        assertEquals("s1 UP, s2 DOWN, b1 STANDBY, b2 STANDBY", states());
        assertEquals(
                List.of(
                        "pool: backups serve: no regular backend is up",
                        "pool: regular backends serve again: 1 of 2 up"),
                told);
    }

    @Test
    void shouldNotTakeABackendWithoutWeightForOneThatServes() {
        look(PoolRules.NONE, weighing(0, up("s1")), backup("b1"));

        assertEquals(BackendState.UP, of("b1").state());
    }

    @Test
    void shouldLetTheSorryServerServeWhenNobodyElseDoes() {
        look(PoolRules.NONE, up("s1"), sorry());
        assertEquals("s1 UP, sorry-server STANDBY", states());

        look(PoolRules.NONE, down("s1"), sorry());
        assertEquals("s1 DOWN, sorry-server UP", states());

        look(PoolRules.NONE, down("s1"), backup("b1"), sorry());
        assertEquals("s1 DOWN, b1 UP, sorry-server STANDBY", states());
    }

    @Test
    void shouldGiveWayToTheSorryServerBelowTheQuorum() {
        final PoolRules rules = new PoolRules(Duration.ZERO, 200, 0, 0, null);
        look(rules, up("s1"), up("s2"), down("s3"), sorry());
        assertEquals(Serving.REGULAR, state.serving());

        look(rules, up("s1"), down("s2"), down("s3"), sorry());

        assertEquals("s1 STANDBY, s2 DOWN, s3 DOWN, sorry-server UP", states());
        assertEquals("quorum lost: weight 100 is up, 200 is needed", of("s1").reason());
        assertEquals(
                List.of(
                        "pool: the sorry server serves: quorum lost: weight 100 is up, 200 is"
                                + " needed"),
                told);
    }

    @Test
    void shouldOnlySayThatTheQuorumIsLostWithoutASorryServer() {
        final PoolRules rules = new PoolRules(Duration.ZERO, 200, 0, 0, null);
        look(rules, up("s1"), up("s2"));

        look(rules, up("s1"), down("s2"));
        assertEquals("s1 UP, s2 DOWN", states());
        look(rules, up("s1"), up("s2"));

        assertEquals(
                List.of(
                        "pool: quorum lost: weight 100 is up, 200 is needed",
                        "pool: quorum regained: weight 200 is up"),
                told);
    }

    @Test
    void shouldLoseAndRegainTheQuorumWithHysteresisAsKeepalivedDoes() {
        final PoolRules rules = new PoolRules(Duration.ZERO, 200, 100, 0, null);
        look(rules, up("s1"), up("s2"), down("s3"), sorry());
        assertTrue(state.hasQuorum());
        look(rules, up("s1"), down("s2"), down("s3"), sorry());
        assertTrue(state.hasQuorum(), "100 is 200 - 100");
        look(rules, down("s1"), down("s2"), down("s3"), sorry());
        assertFalse(state.hasQuorum(), "0 is less");
        look(rules, up("s1"), up("s2"), down("s3"), sorry());
        assertFalse(state.hasQuorum(), "200 is less than 200 + 100");
        look(rules, up("s1"), up("s2"), up("s3"), sorry());
        assertTrue(state.hasQuorum());
    }

    @Test
    void shouldPanicRatherThanSendAllToFew() {
        final PoolRules rules = new PoolRules(Duration.ZERO, 0, 0, 50, null);
        look(rules, up("s1"), up("s2"), down("s3"), down("s4"));
        assertEquals("s1 UP, s2 UP, s3 DOWN, s4 DOWN", states());

        final Member drained =
                member("s5", Role.REGULAR, AdminState.DRAIN, BackendHealth.UNCHECKED);
        final Member unproven = member("s6", Role.REGULAR, AdminState.UP, BackendHealth.UNPROVEN);
        look(rules, up("s1"), down("s2"), down("s3"), down("s4"), drained, unproven);

        assertEquals("s1 UP, s2 UP, s3 UP, s4 UP, s5 DRAIN, s6 DOWN", states());
        assertEquals(Cause.PANIC, of("s2").cause());
        assertEquals(Cause.HEALTH, of("s1").cause());
        assertEquals(
                List.of(
                        "pool: panic: 1 of 4 backends up, less than 50%: all of them take new flows"),
                told);
    }

    @Test
    void shouldTryBackupsBeforeItPanics() {
        final PoolRules rules = new PoolRules(Duration.ZERO, 0, 0, 50, null);

        look(rules, down("s1"), down("s2"), backup("b1"));
        assertEquals(Serving.BACKUP, state.serving());
        look(rules, down("s1"), down("s2"));
        assertEquals(Serving.PANIC, state.serving());
    }

    @Test
    void shouldLeaveAnEjectedBackendItsFlows() {
        look(PoolRules.NONE, up("s1"), ejected("s2"));

        assertEquals("s1 UP, s2 STANDBY", states());
        assertEquals("ejected: 6 of 8 openings failed", of("s2").reason());
    }

    /** Remembered clients of what is drained go on coming, those of what stands by do not. */
    @Test
    void shouldLetClientsStayWhereAnOperatorTookTheBackendOut() {
        final PoolRules rules = new PoolRules(Duration.ZERO, 200, 0, 0, null);
        look(rules, up("s1"), drained(Role.REGULAR, "s2"), weighing(0, up("s3")), sorry());

        assertEquals("s1 STANDBY, s2 DRAIN, s3 DRAIN, sorry-server UP", states());
    }

    @Test
    void shouldLetClientsOfADrainedStandInStayUntilThoseBeforeItAreUp() {
        final Member drained = drained(Role.BACKUP, "b1");
        final Member weightless = weighing(0, backup("b2"));
        final Member farewell = drained(Role.SORRY, "sorry-server");

        look(PoolRules.NONE, down("s1"), drained, weightless, farewell);
        assertEquals("s1 DOWN, b1 DRAIN, b2 DRAIN, sorry-server DRAIN", states());
        look(PoolRules.NONE, down("s1"), drained, weightless, sorry());
        assertEquals("s1 DOWN, b1 DRAIN, b2 DRAIN, sorry-server UP", states());
        look(PoolRules.NONE, down("s1"), drained, backup("b2"), farewell);
        assertEquals("s1 DOWN, b1 DRAIN, b2 UP, sorry-server STANDBY", states());
        look(PoolRules.NONE, up("s1"), drained, weightless, farewell);
        assertEquals("s1 UP, b1 STANDBY, b2 STANDBY, sorry-server STANDBY", states());
        assertEquals(Cause.WANTED, of("b1").cause());
    }

    @Test
    void shouldEndWhatIsLeftWhenTheDeadlineOfADrainPasses() {
        final Member overdue =
                new Member("s1", Role.REGULAR, AdminState.DRAIN, true, 100, BackendHealth.UP, null);

        look(PoolRules.NONE, overdue, up("s2"));

        assertEquals("s1 OFF, s2 UP", states());
    }

    // -- a restart of the control plane
    // ---------------------------------------------------------------

    @Test
    void shouldLeaveABackupServingUntilTheChecksHaveTheirSay() {
        final Member resting = member("s1", Role.REGULAR, AdminState.UP, BackendHealth.RESTING);
        final Member serving = member("b1", Role.BACKUP, AdminState.UP, BackendHealth.UNDECIDED);

        look(PoolRules.NONE, resting, serving);
        assertEquals("s1 KEEP, b1 KEEP", states());
        look(PoolRules.NONE, up("s1"), serving);
        assertEquals("s1 UP, b1 STANDBY", states());
    }

    @Test
    void shouldLeaveTheSorryServerServingUntilTheQuorumIsUp() {
        final PoolRules rules = new PoolRules(Duration.ZERO, 200, 0, 0, null);
        state = PoolState.withoutQuorum();
        final Member resting = member("s2", Role.REGULAR, AdminState.UP, BackendHealth.RESTING);

        look(rules, up("s1"), resting, sorry());
        assertEquals("s1 STANDBY, s2 STANDBY, sorry-server UP", states());
        look(rules, up("s1"), up("s2"), sorry());
        assertEquals("s1 UP, s2 UP, sorry-server STANDBY", states());
    }

    // -- slow start
    // -----------------------------------------------------------------------------------

    @Test
    void shouldStartSlowlyAfterABackendCameUp() {
        final PoolRules rules = slowly(20);
        look(rules, up("s1"), down("s2"));
        assertEquals(100, of("s1").share(), "not at our start");

        final List<Integer> shares = new ArrayList<>();
        for (int second = 0; second <= 21; second++) {
            look(rules, up("s1"), up("s2"));
            if (shares.isEmpty() || shares.get(shares.size() - 1) != of("s2").share()) {
                shares.add(of("s2").share());
            }
            nowMs += 1_000;
        }

        assertEquals(List.of(10, 20, 30, 40, 50, 60, 70, 80, 90, 100), shares);
        assertEquals(100, of("s1").share());
        assertFalse(state.isRamping());
        assertEquals(List.of("s2: starts slowly, over 20 s"), told);
    }

    @Test
    void shouldStepNoMoreThanOnceASecond() {
        final PoolRules rules = slowly(3);
        look(rules, down("s1"));
        look(rules, up("s1"));
        final List<Integer> shares = new ArrayList<>();
        for (int second = 0; second <= 3; second++) {
            look(rules, up("s1"));
            shares.add(of("s1").share());
            nowMs += 1_000;
        }

        assertEquals(List.of(10, 40, 70, 100), shares);
    }

    @Test
    void shouldStartSlowlyWhatIsNewInAPoolThatServes() {
        look(slowly(30), up("s1"));
        look(slowly(30), up("s1"), up("s2"));

        assertEquals(100, of("s1").share());
        assertEquals(10, of("s2").share());
    }

    @Test
    void shouldStartSlowlyWhatWasDownWhileItDrained() {
        final Member drained = member("s1", Role.REGULAR, AdminState.DRAIN, BackendHealth.UP);
        look(slowly(30), up("s1"), up("s2"));
        look(slowly(30), drained, up("s2"));
        look(slowly(30), up("s1"), up("s2"));
        assertEquals(100, of("s1").share(), "it was up all the time");

        look(slowly(30), member("s1", Role.REGULAR, AdminState.DRAIN, BackendHealth.DOWN));
        look(slowly(30), drained, up("s2"));
        look(slowly(30), up("s1"), up("s2"));
        assertEquals(10, of("s1").share());
    }

    @Test
    void shouldStartSlowlyAfterAnEjection() {
        look(slowly(30), up("s1"), up("s2"));
        look(slowly(30), up("s1"), ejected("s2"));
        look(slowly(30), up("s1"), up("s2"));

        assertEquals(10, of("s2").share());
    }

    @Test
    void shouldNotStartSlowlyWhatRestedBeforeOurStart() {
        look(slowly(30), member("s1", Role.REGULAR, AdminState.UP, BackendHealth.RESTING));
        look(slowly(30), up("s1"));

        assertEquals(100, of("s1").share());
    }

    // -- an agent
    // -------------------------------------------------------------------------------------

    @Test
    void shouldLetAnAgentTakeAwayOnly() {
        assertEquals(AdminState.DRAIN, new AgentWord(100, AdminState.UP).state(AdminState.DRAIN));
        assertEquals(AdminState.DOWN, new AgentWord(100, AdminState.DOWN).state(AdminState.DRAIN));
        assertEquals(75, new AgentWord(75, AdminState.UP).weight(100));
        assertEquals(1, new AgentWord(1, AdminState.UP).weight(2), "not 0 by rounding");
        assertEquals(0, new AgentWord(0, AdminState.UP).weight(100));
        assertEquals(100, AgentWord.NONE.weight(100));
    }

    // -- anything
    // -------------------------------------------------------------------------------------

    @Test
    void shouldKeepItsPromisesWhateverHappens() {
        final long seed = Long.getLong("naru.seed", System.nanoTime());
        final Random random = new Random(seed);
        for (int pool = 0; pool < 500; pool++) {
            final PoolRules rules = anyRules(random);
            final List<Role> roles = anyRoles(random);
            state = null;
            for (int step = 0; step < 30; step++) {
                nowMs += random.nextInt(3_000);
                final PoolState before = state;
                final List<Member> members = new ArrayList<>();
                for (int i = 0; i < roles.size(); i++) {
                    members.add(anyMember("m" + i, roles.get(i), random));
                }
                look(rules, members.toArray(new Member[0]));
                check(rules, members, before, "seed " + seed + " pool " + pool + " " + members);
            }
        }
    }

    private void check(
            final PoolRules rules,
            final List<Member> members,
            final PoolState before,
            final String what) {
        assertEquals(serving(rules, members, before), state.serving(), what);
        final boolean someoneCould = members.stream().anyMatch(Member::isAble);
        assertEquals(
                someoneCould || state.serving() == Serving.PANIC,
                members.stream().anyMatch(m -> m.weight() > 0 && takes(m)),
                "new flows find a backend: " + what);
        for (final Member member : members) {
            final Standing standing = of(member.name());
            if (member.wanted() != AdminState.UP) {
                assertFalse(takes(member), what);
            }
            if (member.health() == BackendHealth.DOWN && state.serving() != Serving.PANIC) {
                assertFalse(takes(member), what);
            }
            final boolean isQuiesced = member.wanted() == AdminState.DRAIN || member.weight() == 0;
            if (standing.state() == BackendState.DRAIN) {
                assertTrue(isQuiesced, what);
            }
            if (standing.state() == BackendState.STANDBY && isQuiesced) {
                assertTrue(member.role() != Role.REGULAR, what);
                assertTrue(
                        state.serving() == Serving.REGULAR || state.serving() == Serving.BACKUP,
                        what);
            }
            assertTrue(standing.share() >= 10 && standing.share() <= 100, what);
            final Standing was = before == null ? null : before.standings().get(member.name());
            if (rules.slowStart().isZero() || before == null) {
                assertEquals(100, standing.share(), what);
            } else if (was != null
                    && was.state() == BackendState.UP
                    && was.cause() == Cause.HEALTH
                    && standing.state() == BackendState.UP
                    && standing.cause() == Cause.HEALTH) {
                assertTrue(standing.share() >= was.share(), what);
            }
        }
    }

    private boolean takes(final Member member) {
        final BackendState told = of(member.name()).state();
        return told == BackendState.UP || (told == BackendState.KEEP && member.isAble());
    }

    /** The page's table, as slowly and plainly as can be. */
    private static Serving serving(
            final PoolRules rules, final List<Member> members, final PoolState before) {
        final List<Member> up =
                only(members, Role.REGULAR).stream().filter(Member::isAble).toList();
        final List<Member> backups =
                only(members, Role.BACKUP).stream().filter(Member::isAble).toList();
        final long counted =
                only(members, Role.REGULAR).stream()
                        .filter(m -> m.wanted() == AdminState.UP)
                        .filter(m -> m.weight() > 0 && m.health() != BackendHealth.UNPROVEN)
                        .count();
        final List<Member> would = up.isEmpty() ? backups : up;
        final long weight = would.stream().mapToLong(Member::weight).sum();
        if (counted > 0
                && 100.0 * up.size() / counted < rules.panicPercent()
                && !(up.isEmpty() && !backups.isEmpty())) {
            return Serving.PANIC;
        }

        final boolean hadQuorum = before != null && before.hasQuorum();
        final boolean hasQuorum =
                weight > 0
                        && (before == null
                                ? weight >= rules.quorum()
                                : hadQuorum
                                        ? weight >= rules.quorum() - rules.hysteresis()
                                        : weight >= rules.quorum() + rules.hysteresis());
        if (!hasQuorum && only(members, Role.SORRY).stream().anyMatch(Member::isAble)) {
            return Serving.SORRY;
        }

        return !up.isEmpty()
                ? Serving.REGULAR
                : !backups.isEmpty() ? Serving.BACKUP : Serving.NOBODY;
    }

    private static List<Member> only(final List<Member> members, final Role role) {
        return members.stream().filter(m -> m.role() == role).toList();
    }

    private static PoolRules anyRules(final Random random) {
        final int quorum = random.nextInt(4) * 100;
        return new PoolRules(
                Duration.ofSeconds(random.nextBoolean() ? 0 : random.nextInt(20)),
                quorum,
                quorum == 0 ? 0 : random.nextInt(quorum),
                random.nextBoolean() ? 0 : random.nextInt(101),
                null);
    }

    private static List<Role> anyRoles(final Random random) {
        final List<Role> roles = new ArrayList<>();
        for (int i = random.nextInt(6); i >= 0; i--) {
            roles.add(random.nextInt(4) == 0 ? Role.BACKUP : Role.REGULAR);
        }
        if (random.nextBoolean()) {
            roles.add(Role.SORRY);
        }
        return roles;
    }

    private static Member anyMember(final String name, final Role role, final Random random) {
        final AdminState[] wanted = {AdminState.UP, AdminState.UP, AdminState.UP, AdminState.DRAIN};
        final BackendHealth[] health = BackendHealth.values();
        final AdminState state =
                random.nextInt(10) == 0 ? AdminState.DOWN : wanted[random.nextInt(wanted.length)];
        return new Member(
                name,
                role,
                state,
                state == AdminState.DRAIN && random.nextInt(4) == 0,
                random.nextInt(8) == 0 ? 0 : 1 + random.nextInt(200),
                role == Role.SORRY
                        ? BackendHealth.UNCHECKED
                        : health[random.nextInt(health.length)],
                role != Role.SORRY && random.nextInt(8) == 0 ? EJECTION : null);
    }

    // -- words
    // ----------------------------------------------------------------------------------------

    private void look(final PoolRules rules, final Member... members) {
        final PoolState.Step step = PoolState.next(rules, List.of(members), state, nowMs);
        state = step.state();
        step.news()
                .forEach(
                        news ->
                                told.add(
                                        (news.backend() == null ? "pool" : news.backend())
                                                + ": "
                                                + news.text()));
        order = List.of(members);
        assertNull(
                step.news().stream().filter(n -> n.text() == null).findAny().orElse(null),
                "news without words");
    }

    private List<Member> order = List.of();

    private Standing of(final String name) {
        return state.standings().get(name);
    }

    private String states() {
        return String.join(
                ", ", order.stream().map(m -> m.name() + " " + of(m.name()).state()).toList());
    }

    private static PoolRules slowly(final int seconds) {
        return new PoolRules(Duration.ofSeconds(seconds), 0, 0, 0, null);
    }

    private static Member up(final String name) {
        return member(name, Role.REGULAR, AdminState.UP, BackendHealth.UP);
    }

    private static Member down(final String name) {
        return member(name, Role.REGULAR, AdminState.UP, BackendHealth.DOWN);
    }

    private static Member backup(final String name) {
        return member(name, Role.BACKUP, AdminState.UP, BackendHealth.UP);
    }

    private static Member sorry() {
        return member("sorry-server", Role.SORRY, AdminState.UP, BackendHealth.UNCHECKED);
    }

    private static Member ejected(final String name) {
        return new Member(
                name, Role.REGULAR, AdminState.UP, false, 100, BackendHealth.UP, EJECTION);
    }

    private static Member drained(final Role role, final String name) {
        return member(name, role, AdminState.DRAIN, BackendHealth.UP);
    }

    private static Member weighing(final int weight, final Member member) {
        return new Member(
                member.name(),
                member.role(),
                member.wanted(),
                member.isOverdue(),
                weight,
                member.health(),
                member.ejection());
    }

    private static Member member(
            final String name,
            final Role role,
            final AdminState wanted,
            final BackendHealth health) {
        return new Member(name, role, wanted, false, 100, health, null);
    }
}
