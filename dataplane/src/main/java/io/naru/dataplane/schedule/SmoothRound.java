package io.naru.dataplane.schedule;

/**
 * The turns of {@code wrr}: each backend as often as its weight says, and evenly spread: weights 5,
 * 1, 1 give a a b a c a a, not a a a a a b c.
 *
 * <p>The order is that of nginx's smooth weighted round robin. It repeats after the sum of the
 * weights, so it is worked out once, beforehand, and a selection costs the same for 2 backends as
 * for 2000.
 */
final class SmoothRound {
    /** Turns that every round may have: thousands of services with rounds are to fit. */
    private static final int SMALL_ROUND = 8_192;

    /** Turns for each backend where that is more. */
    private static final int TURNS_A_BACKEND = 16;

    private static final int LARGE_ROUND = 65_536;

    private SmoothRound() {}

    /**
     * Limit of the turns in a round; weights that need more (sum divided by their greatest common
     * divisor) are scaled down, which moves a share by less than one turn.
     */
    static int maxTurns(final int backends) {
        return Math.min(LARGE_ROUND, Math.max(SMALL_ROUND, TURNS_A_BACKEND * backends));
    }

    /** One whole round. */
    static char[] turns(final Candidates candidates) {
        final int[] shares = shares(candidates);
        final int[] credit = new int[shares.length];
        int total = 0;
        for (final int share : shares) {
            total += share;
        }

        // Each turn gives every backend its share as credit; the one with the most pays for all.
        final char[] turns = new char[total];
        for (int turn = 0; turn < total; turn++) {
            int richest = 0;
            for (int i = 0; i < shares.length; i++) {
                credit[i] += shares[i];
                if (credit[i] > credit[richest]) {
                    richest = i;
                }
            }
            credit[richest] -= total;
            turns[turn] = (char) candidates.backendId(richest);
        }

        return turns;
    }

    /** The turns of each backend in a round: its weight, in the smallest whole numbers that fit. */
    private static int[] shares(final Candidates candidates) {
        int divisor = 0;
        long sum = 0;
        for (int i = 0; i < candidates.size(); i++) {
            divisor = greatestCommonDivisor(candidates.weight(i), divisor);
            sum += candidates.weight(i);
        }

        final int[] shares = new int[candidates.size()];
        final int maxTurns = maxTurns(shares.length);
        final boolean fits = sum / divisor <= maxTurns;
        for (int i = 0; i < shares.length; i++) {
            final int weight = candidates.weight(i);
            shares[i] =
                    fits ? weight / divisor : Math.max(1, (int) ((long) weight * maxTurns / sum));
        }

        return shares;
    }

    private static int greatestCommonDivisor(final int a, final int b) {
        return b == 0 ? a : greatestCommonDivisor(b, a % b);
    }
}
