package io.naru.controlplane.pool;

import io.naru.controlplane.config.OutlierRules;
import io.naru.controlplane.config.Role;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Finds the backends of a pool whose connections do not open, and says for how long they are out.
 *
 * <p>As Envoy has it, a backend that was ejected before is out for longer each time, up to {@link
 * #MAX_TIMES} times as long, and each interval that it serves well takes one off that count. No
 * more are out at once than the rules allow, but one may always be; and never the last that could
 * serve. For one thread; has no clock.
 */
public final class Outliers {
    /** An ejection is never longer than this many times the first one. */
    static final int MAX_TIMES = 10;

    /**
     * Openings of a backend since the data plane's start.
     *
     * @param opened flows that were opened.
     * @param unanswered those of them that got no answer.
     * @param refused those of them that were refused.
     */
    public record Openings(long opened, long unanswered, long refused) {
        public static final Openings NONE = new Openings(0, 0, 0);

        private Openings minus(final Openings other) {
            return new Openings(
                    opened - other.opened, unanswered - other.unanswered, refused - other.refused);
        }

        private long failed() {
            return unanswered + refused;
        }

        private boolean isBefore(final Openings other) {
            return opened <= other.opened
                    && unanswered <= other.unanswered
                    && refused <= other.refused;
        }
    }

    private record Sample(long atMs, Openings openings) {}

    private static final class Watched {
        private final ArrayDeque<Sample> samples = new ArrayDeque<>();
        private Ejection ejection;
        private int times;
        private long goodSinceMs;
        private boolean saidThatFull;

        /** What happened within the last interval. */
        private Openings recent() {
            return samples.isEmpty()
                    ? Openings.NONE
                    : samples.getLast().openings.minus(samples.getFirst().openings);
        }
    }

    private final OutlierRules rules;
    private final Map<String, Watched> watched = new HashMap<>();

    public Outliers(final OutlierRules rules) {
        this.rules = rules;
    }

    public OutlierRules rules() {
        return rules;
    }

    /** The ejection of a backend, or null. */
    public Ejection ejection(final String backend) {
        final Watched entry = watched.get(backend);
        return entry == null ? null : entry.ejection;
    }

    /** How many are ejected now. */
    public int ejected() {
        return (int) watched.values().stream().filter(each -> each.ejection != null).count();
    }

    /**
     * Takes a sample; to be called about every second.
     *
     * @param members as they are now; only what could serve is watched.
     */
    public List<News> sample(
            final List<Member> members,
            final Function<String, Openings> openingsOf,
            final long nowMs) {
        final List<News> news = new ArrayList<>(settle(members, nowMs));
        final List<Member> suspects = new ArrayList<>();
        for (final Member member : members) {
            final Watched entry = watched.get(member.name());
            if (entry != null && entry.ejection == null) {
                observe(entry, openingsOf.apply(member.name()), nowMs);
                forgive(entry, nowMs);
                if (isOutlier(entry.recent())) {
                    suspects.add(member);
                } else {
                    entry.saidThatFull = false;
                }
            }
        }

        suspects.sort(
                Comparator.comparingLong(
                                (Member member) -> watched.get(member.name()).recent().failed())
                        .reversed());
        for (final Member suspect : suspects) {
            eject(suspect, members, nowMs, news);
        }

        return news;
    }

    /**
     * Ends ejections that are over, of backends that their checks or operators took out, and those
     * that would leave too few; to be called whenever something changes.
     */
    public List<News> settle(final List<Member> members, final long nowMs) {
        final List<News> news = new ArrayList<>();
        final Map<String, Member> candidates = new HashMap<>();
        for (final Member member : members) {
            if (member.isCandidate() && member.role() != Role.SORRY) {
                candidates.put(member.name(), member);
                watched.computeIfAbsent(member.name(), name -> new Watched());
            }
        }
        watched.entrySet()
                .removeIf(
                        entry ->
                                !candidates.containsKey(entry.getKey())
                                        && members.stream()
                                                .noneMatch(m -> m.name().equals(entry.getKey())));
        watched.forEach(
                (name, entry) -> {
                    if (!candidates.containsKey(name)) {
                        entry.ejection = null; // its check, or an operator, has the word now
                        entry.samples.clear();
                        entry.goodSinceMs = nowMs;
                    } else if (entry.ejection != null && nowMs >= entry.ejection.untilMs()) {
                        release(entry, nowMs);
                        news.add(new News(name, "takes new flows again after its ejection"));
                    }
                });
        for (final Role role : List.of(Role.REGULAR, Role.BACKUP)) {
            keepWithinBounds(candidates, role, nowMs, news);
        }

        return news;
    }

    private void keepWithinBounds(
            final Map<String, Member> candidates,
            final Role role,
            final long nowMs,
            final List<News> news) {
        final List<String> peers =
                candidates.values().stream()
                        .filter(member -> member.role() == role)
                        .map(Member::name)
                        .toList();
        final List<String> out =
                new ArrayList<>(
                        peers.stream().filter(name -> watched.get(name).ejection != null).toList());
        out.sort(Comparator.comparingLong(name -> watched.get(name).ejection.untilMs()));
        while (!out.isEmpty() && out.size() > mayBeOut(peers.size())) {
            final String first = out.remove(0);
            release(watched.get(first), nowMs);
            news.add(new News(first, "takes new flows again: too few others are up"));
        }
    }

    /** Of so many that could serve. */
    private int mayBeOut(final int peers) {
        return Math.min(peers - 1, Math.max(1, peers * rules.maxEjectedPercent() / 100));
    }

    private static void release(final Watched entry, final long nowMs) {
        entry.ejection = null;
        entry.samples.clear();
        entry.goodSinceMs = nowMs;
        entry.saidThatFull = false;
    }

    private void observe(final Watched entry, final Openings openings, final long nowMs) {
        if (!entry.samples.isEmpty() && !entry.samples.getLast().openings.isBefore(openings)) {
            entry.samples.clear(); // another data plane counts from zero
        }
        entry.samples.addLast(new Sample(nowMs, openings));
        while (entry.samples.getFirst().atMs < nowMs - rules.interval().toMillis()) {
            entry.samples.removeFirst();
        }
    }

    private void forgive(final Watched entry, final long nowMs) {
        if (entry.times > 0 && nowMs - entry.goodSinceMs >= rules.interval().toMillis()) {
            entry.times--;
            entry.goodSinceMs = nowMs;
        }
    }

    /** Failures are counted later than openings, and may be more than these in an interval. */
    private boolean isOutlier(final Openings recent) {
        return recent.failed() >= rules.failures()
                && recent.failed() * 100
                        >= rules.sharePercent() * Math.max(recent.opened(), recent.failed());
    }

    private void eject(
            final Member suspect,
            final List<Member> members,
            final long nowMs,
            final List<News> news) {
        final Watched entry = watched.get(suspect.name());
        final List<Member> peers =
                members.stream()
                        .filter(m -> m.role() == suspect.role() && m.isCandidate())
                        .toList();
        final long out = peers.stream().filter(m -> watched.get(m.name()).ejection != null).count();
        final String reason = reason(entry.recent());
        if (out >= mayBeOut(peers.size())) {
            if (!entry.saidThatFull) {
                entry.saidThatFull = true;
                news.add(
                        new News(
                                suspect.name(),
                                reason
                                        + ", but not ejected: "
                                        + (peers.size() - out <= 1
                                                ? "no other backend is up"
                                                : out
                                                        + " of "
                                                        + peers.size()
                                                        + " backends are already")));
            }
            return;
        }

        entry.times = Math.min(MAX_TIMES, entry.times + 1);
        final long lengthMs = rules.eject().toMillis() * entry.times;
        entry.ejection = new Ejection(nowMs, nowMs + lengthMs, entry.times, reason);
        entry.samples.clear();
        news.add(
                new News(
                        suspect.name(),
                        "ejected for "
                                + lengthMs / 1_000
                                + " s"
                                + (entry.times == 1 ? "" : ", " + entry.times + " times in a row")
                                + ": "
                                + reason));
    }

    private String reason(final Openings recent) {
        return "%d of %d openings failed in %d s (%d unanswered, %d refused)"
                .formatted(
                        recent.failed(),
                        Math.max(recent.opened(), recent.failed()),
                        rules.interval().toSeconds(),
                        recent.unanswered(),
                        recent.refused());
    }
}
