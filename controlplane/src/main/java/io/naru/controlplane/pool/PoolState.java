package io.naru.controlplane.pool;

import io.naru.controlplane.config.AdminState;
import io.naru.controlplane.config.PoolRules;
import io.naru.controlplane.config.Role;
import io.naru.controlplane.pool.Standing.Cause;
import io.naru.dataplane.protocol.BackendState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A pool at one moment: who serves, and what each backend is to do.
 *
 * <pre>
 *   fewer regular backends up than panic-threshold, no backup to take over   all regular ones
 *   too little weight up for the quorum, and there is a sorry server         the sorry server
 *   a regular backend is up                                                  the regular ones
 *   a backup is up                                                           the backups
 *   otherwise                                                                nobody
 * </pre>
 *
 * <p>Immutable: the next state follows from this one, the pool's rules, its backends and the time.
 *
 * @param hasQuorum whether enough weight was up; between both thresholds it stays as it was.
 * @param explanation why not the regular backends serve, or null.
 * @param warm backends that served lately: they do not start slowly.
 * @param ramps when each backend that starts slowly began to.
 * @param standings by name.
 */
public record PoolState(
        boolean hasQuorum,
        Serving serving,
        String explanation,
        long sinceMs,
        Set<String> warm,
        Map<String, Long> ramps,
        Map<String, Standing> standings) {

    /** A state and what happened on the way there. */
    public record Step(PoolState state, List<News> news) {}

    /** What the balancer finds in a data plane that served before: its sorry server serves. */
    public static PoolState withoutQuorum() {
        return new PoolState(false, Serving.SORRY, null, 0, Set.of(), Map.of(), Map.of());
    }

    /**
     * The next state.
     *
     * @param before null at the start.
     */
    public static Step next(
            final PoolRules rules,
            final List<Member> members,
            final PoolState before,
            final long nowMs) {
        return new Decision(rules, members, before, nowMs).step();
    }

    /** Whether it changes as time goes by. */
    public boolean isRamping() {
        return !ramps.isEmpty();
    }

    /** The work of one step. */
    private static final class Decision {
        private final PoolRules rules;
        private final List<Member> members;
        private final PoolState before;
        private final long nowMs;
        private final List<News> news = new ArrayList<>();
        private final Set<String> warm = new HashSet<>();
        private final Map<String, Long> ramps = new HashMap<>();
        private final Map<String, Standing> standings = new HashMap<>();

        private int regular;
        private int regularUp;
        private int backupsUp;
        private long regularWeight;
        private long backupWeight;
        private boolean sorryIsAble;

        Decision(
                final PoolRules rules,
                final List<Member> members,
                final PoolState before,
                final long nowMs) {
            this.rules = rules;
            this.members = members;
            this.before = before;
            this.nowMs = nowMs;
        }

        Step step() {
            members.forEach(this::count);
            final boolean hasQuorum = hasQuorum();
            final Serving serving = serving(hasQuorum);
            final String explanation = explain(serving, hasQuorum);
            tell(serving, hasQuorum, explanation);
            for (final Member member : members) {
                standings.put(member.name(), standing(member, serving, explanation));
            }

            return new Step(
                    new PoolState(
                            hasQuorum,
                            serving,
                            explanation,
                            before != null && before.serving == serving ? before.sinceMs : nowMs,
                            Set.copyOf(warm),
                            Map.copyOf(ramps),
                            Map.copyOf(standings)),
                    List.copyOf(news));
        }

        private void count(final Member member) {
            switch (member.role()) {
                case REGULAR -> {
                    if (takesPart(member)) {
                        regular++;
                    }
                    if (member.isAble()) {
                        regularUp++;
                        regularWeight += member.weight();
                    }
                }
                case BACKUP -> {
                    if (member.isAble()) {
                        backupsUp++;
                        backupWeight += member.weight();
                    }
                }
                case SORRY -> sorryIsAble = member.isAble();
            }
        }

        /** Whether checks alone keep it from serving. */
        private static boolean takesPart(final Member member) {
            return member.wanted() == AdminState.UP
                    && member.weight() > 0
                    && member.health() != BackendHealth.UNPROVEN;
        }

        // -- the pool
        // -------------------------------------------------------------------------------

        private long weightUp() {
            return regularUp > 0 ? regularWeight : backupWeight;
        }

        /** As keepalived has it: a quorum of 1 where none is given, never reached by nothing. */
        private boolean hasQuorum() {
            final long quorum = Math.max(1, rules.quorum());
            final long threshold =
                    before == null
                            ? quorum
                            : before.hasQuorum
                                    ? quorum - rules.hysteresis()
                                    : quorum + rules.hysteresis();
            return weightUp() >= Math.max(1, threshold);
        }

        private Serving serving(final boolean hasQuorum) {
            if (isPanic()) {
                return Serving.PANIC;
            }
            if (!hasQuorum && sorryIsAble) {
                return Serving.SORRY;
            }

            return regularUp > 0
                    ? Serving.REGULAR
                    : backupsUp > 0 ? Serving.BACKUP : Serving.NOBODY;
        }

        private boolean isPanic() {
            return regularUp * 100L < (long) rules.panicPercent() * regular
                    && (regularUp > 0 || backupsUp == 0);
        }

        private String explain(final Serving serving, final boolean hasQuorum) {
            return switch (serving) {
                case REGULAR -> hasQuorum ? null : quorum();
                case PANIC ->
                        "panic: %d of %d backends up, less than %d%%"
                                .formatted(regularUp, regular, rules.panicPercent());
                case BACKUP -> "no regular backend is up";
                case SORRY -> weightUp() == 0 ? "no backend is up" : quorum();
                case NOBODY -> "no backend is up";
            };
        }

        private String quorum() {
            return "quorum lost: weight "
                    + weightUp()
                    + " is up, "
                    + (rules.quorum() + rules.hysteresis())
                    + " is needed";
        }

        private void tell(
                final Serving serving, final boolean hasQuorum, final String explanation) {
            final Serving was = before == null ? Serving.REGULAR : before.serving;
            if (serving == was) {
                tellQuorum(serving, hasQuorum, explanation);
                return;
            }

            news.add(
                    new News(
                            null,
                            switch (serving) {
                                case REGULAR ->
                                        "regular backends serve again: "
                                                + regularUp
                                                + " of "
                                                + regular
                                                + " up"
                                                + (explanation == null ? "" : "; " + explanation);
                                case PANIC -> explanation + ": all of them take new flows";
                                case BACKUP -> "backups serve: " + explanation;
                                case SORRY -> "the sorry server serves: " + explanation;
                                case NOBODY -> "nobody serves: " + explanation;
                            }));
        }

        /** Who serves is as before, but it may be fewer or more than were asked for. */
        private void tellQuorum(
                final Serving serving, final boolean hasQuorum, final String explanation) {
            final boolean had = before == null || before.hasQuorum;
            if (serving == Serving.REGULAR && hasQuorum != had) {
                news.add(
                        new News(
                                null,
                                hasQuorum
                                        ? "quorum regained: weight " + weightUp() + " is up"
                                        : explanation));
            }
        }

        // -- one backend
        // ----------------------------------------------------------------------------

        private Standing standing(
                final Member member, final Serving serving, final String explanation) {
            if (member.wanted() == AdminState.DOWN) {
                return stand(member, BackendState.DOWN, Cause.WANTED, null);
            }
            if (member.isOverdue()) {
                return stand(
                        member,
                        BackendState.OFF,
                        Cause.OVERDUE,
                        "the deadline of its drain passed: its flows are ended");
            }

            final boolean isPanic = serving == Serving.PANIC && member.role() == Role.REGULAR;
            final boolean isPanicking =
                    isPanic && member.wanted() == AdminState.UP && !member.isAble();
            if (member.health() == BackendHealth.UNPROVEN && member.wanted() == AdminState.UP) {
                return stand(member, BackendState.DOWN, Cause.HEALTH, null);
            }
            if (isPanicking && takesPart(member)) {
                return stand(member, BackendState.UP, Cause.PANIC, explanation);
            }
            if (member.health() == BackendHealth.DOWN) {
                return stand(member, BackendState.DOWN, Cause.HEALTH, null);
            }
            if (member.wanted() == AdminState.DRAIN) {
                return stand(member, aside(member, serving), Cause.WANTED, null);
            }
            if (member.ejection() != null) {
                return stand(
                        member,
                        aside(member, serving),
                        Cause.EJECTED,
                        "ejected: " + member.ejection().reason());
            }

            return amongOthers(member, serving, explanation);
        }

        /** It could serve: does it? */
        private Standing amongOthers(
                final Member member, final Serving serving, final String explanation) {
            final boolean serves =
                    switch (member.role()) {
                        case REGULAR -> serving != Serving.SORRY;
                        case BACKUP -> serving == Serving.BACKUP;
                        case SORRY -> serving == Serving.SORRY;
                    };
            if (!serves) {
                return stand(
                        member,
                        aside(member, serving),
                        Cause.STANDBY,
                        switch (member.role()) {
                            case REGULAR -> explanation;
                            case BACKUP ->
                                    serving == Serving.SORRY
                                            ? explanation
                                            : "backup: serves when no regular backend is up";
                            case SORRY -> "serves when nobody else does";
                        });
            }

            return stand(
                    member,
                    member.health().isOpen() ? BackendState.KEEP : BackendState.UP,
                    member.role() == Role.REGULAR ? Cause.HEALTH : Cause.STAND_IN,
                    member.role() == Role.REGULAR ? null : explanation);
        }

        /**
         * Of one that takes no new flows: clients that are remembered with it stay where an
         * operator or agent took it out, and leave where the pool's rules did.
         */
        private static BackendState aside(final Member member, final Serving serving) {
            final boolean isQuiesced = member.wanted() == AdminState.DRAIN || member.weight() == 0;
            return isQuiesced && !isRelieved(member, serving)
                    ? BackendState.DRAIN
                    : BackendState.STANDBY;
        }

        /** Whether those are up that it only stands in for. */
        private static boolean isRelieved(final Member member, final Serving serving) {
            return switch (member.role()) {
                case REGULAR -> false;
                case BACKUP -> serving == Serving.REGULAR;
                case SORRY -> serving == Serving.REGULAR || serving == Serving.BACKUP;
            };
        }

        private Standing stand(
                final Member member,
                final BackendState state,
                final Cause cause,
                final String reason) {
            final Standing was = before == null ? null : before.standings.get(member.name());
            final boolean isSame = was != null && was.state() == state && was.cause() == cause;
            return new Standing(
                    state,
                    member.weight(),
                    share(member, state, cause),
                    cause,
                    reason,
                    isSame ? was.sinceMs() : nowMs);
        }

        // -- slow start
        // -----------------------------------------------------------------------------

        /** Keeps account of who is warm; the share of one that has just come up grows. */
        private int share(final Member member, final BackendState state, final Cause cause) {
            final String name = member.name();
            final boolean wasWarm =
                    before == null || before.standings.isEmpty() || before.warm.contains(name);
            if (member.health() == BackendHealth.RESTING) {
                warm.add(name); // what happened before our start does not count
                return SlowStart.FULL_SHARE;
            }
            final boolean isAside = state == BackendState.DRAIN || state == BackendState.STANDBY;
            if (isAside && cause != Cause.EJECTED) {
                if (wasWarm) {
                    warm.add(name);
                }
                return SlowStart.FULL_SHARE;
            }
            if ((state != BackendState.UP && state != BackendState.KEEP) || cause == Cause.PANIC) {
                return SlowStart.FULL_SHARE;
            }

            warm.add(name);
            return member.role() == Role.SORRY || rules.slowStart().isZero()
                    ? SlowStart.FULL_SHARE
                    : ramp(name, wasWarm);
        }

        private int ramp(final String name, final boolean wasWarm) {
            final Long began = wasWarm && before != null ? before.ramps.get(name) : null;
            if (wasWarm && began == null) {
                return SlowStart.FULL_SHARE;
            }

            final long startMs = began == null ? nowMs : began;
            final int share = SlowStart.share(startMs, nowMs, rules.slowStart().toMillis());
            if (share < SlowStart.FULL_SHARE) {
                ramps.put(name, startMs);
                if (began == null) {
                    news.add(
                            new News(
                                    name,
                                    "starts slowly, over " + rules.slowStart().toSeconds() + " s"));
                }
            }

            return share;
        }
    }
}
