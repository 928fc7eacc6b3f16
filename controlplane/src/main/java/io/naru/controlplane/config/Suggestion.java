package io.naru.controlplane.config;

import java.util.Collection;

/** Finds the word that somebody probably meant. */
public final class Suggestion {
    private Suggestion() {}

    /**
     * Returns the candidate that is closest to {@code word}, or null if none is close enough to be
     * worth a guess: at most a third of its letters wrong, missing, too many or swapped.
     */
    public static String closest(final String word, final Collection<String> candidates) {
        String best = null;
        int bestDistance = Integer.MAX_VALUE;
        if (word.length() <= 64) { // nobody means anything by more, and the distance is quadratic
            for (final String candidate : candidates) {
                final int distance = distance(word, candidate);
                if (distance < bestDistance && distance <= Math.max(1, candidate.length() / 3)) {
                    best = candidate;
                    bestDistance = distance;
                }
            }
        }

        return best;
    }

    /** Like {@link #closest}, as a hint; null if there is none. */
    static String hint(final String word, final Collection<String> candidates) {
        final String closest = closest(word, candidates);
        return closest == null ? null : "did you mean '" + closest + "'?";
    }

    /** Optimal string alignment: edits, with a swap of neighbours as one. */
    private static int distance(final String a, final String b) {
        final int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            d[i][0] = i;
        }
        for (int j = 0; j <= b.length(); j++) {
            d[0][j] = j;
        }

        for (int i = 1; i <= a.length(); i++) {
            for (int j = 1; j <= b.length(); j++) {
                final char x = Character.toLowerCase(a.charAt(i - 1));
                final char y = Character.toLowerCase(b.charAt(j - 1));
                final int replaced = d[i - 1][j - 1] + (x == y ? 0 : 1);
                d[i][j] = Math.min(replaced, Math.min(d[i - 1][j], d[i][j - 1]) + 1);
                if (i > 1
                        && j > 1
                        && x == Character.toLowerCase(b.charAt(j - 2))
                        && y == Character.toLowerCase(a.charAt(i - 2))) {
                    d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
                }
            }
        }

        return d[a.length()][b.length()];
    }
}
