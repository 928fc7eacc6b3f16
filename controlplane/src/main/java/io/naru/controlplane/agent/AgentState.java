package io.naru.controlplane.agent;

import io.naru.controlplane.config.AdminState;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What an agent has said so far: a word changes what it is about and leaves the rest.
 *
 * <pre>
 *   75%                            of the weight that the backend has otherwise, 0 to 1000
 *   ready  drain  maint            what it wants
 *   up  down  failed  stopped      what it is; the last three may have a reason behind '#'
 *   maxconn:30                     is understood and has no effect
 * </pre>
 *
 * <p>HAProxy configuration manual, {@code agent-check}: words are separated by spaces, tabs or
 * commas, and end with the line.
 *
 * @param weightPercent of the backend's weight.
 * @param wanted of {@code ready}, {@code drain}, {@code maint}: UP, DRAIN, DOWN.
 * @param isDown of {@code up}, and of {@code down}, {@code failed}, {@code stopped}.
 * @param reason why it is down, as it said; empty if it did not.
 */
public record AgentState(int weightPercent, AdminState wanted, boolean isDown, String reason) {
    /** Of an agent that has said nothing. */
    public static final AgentState SILENT = new AgentState(100, AdminState.UP, false, "");

    static final int MAX_PERCENT = 1_000;
    private static final int MAX_REASON = 200;

    private static final Pattern PERCENT = Pattern.compile("([0-9]{1,4})%");
    private static final Pattern MAX_CONNECTIONS = Pattern.compile("maxconn:[0-9]+");

    /**
     * What a line changes.
     *
     * @param state after it; the same as before if it had no word that means something.
     * @param unknown words that mean nothing.
     * @param hasMeaning whether any word means something.
     */
    public record Reading(AgentState state, List<String> unknown, boolean hasMeaning) {}

    /** Takes the first line of what an agent said. */
    public Reading hear(final String said) {
        final String line = said.lines().findFirst().orElse("");
        final int hash = line.indexOf('#');
        final String words = hash < 0 ? line : line.substring(0, hash);
        final String why = hash < 0 ? "" : clean(line.substring(hash + 1));
        final List<String> unknown = new ArrayList<>();
        AgentState state = this;
        boolean hasMeaning = false;
        for (final String word : words.split("[ \t,]+")) {
            if (word.isEmpty()) {
                continue;
            }

            final AgentState next = state.hearWord(word.toLowerCase(Locale.ROOT), why);
            if (next == null) {
                unknown.add(clean(word));
            } else {
                state = next;
                hasMeaning = true;
            }
        }

        return new Reading(state, List.copyOf(unknown), hasMeaning);
    }

    /** Null if the word means nothing. */
    private AgentState hearWord(final String word, final String why) {
        final Matcher percent = PERCENT.matcher(word);
        if (percent.matches()) {
            final int value = Math.min(MAX_PERCENT, Integer.parseInt(percent.group(1)));
            return new AgentState(value, wanted, isDown, reason);
        }

        return switch (word) {
            case "ready" -> new AgentState(weightPercent, AdminState.UP, isDown, reason);
            case "drain" -> new AgentState(weightPercent, AdminState.DRAIN, isDown, reason);
            case "maint" -> new AgentState(weightPercent, AdminState.DOWN, isDown, reason);
            case "up" -> new AgentState(weightPercent, wanted, false, "");
            case "down", "failed", "stopped" ->
                    new AgentState(weightPercent, wanted, true, why.isEmpty() ? word : why);
            default -> MAX_CONNECTIONS.matcher(word).matches() ? this : null;
        };
    }

    private static String clean(final String text) {
        final String printable = text.replaceAll("\\p{Cntrl}", " ").strip();
        return printable.length() <= MAX_REASON
                ? printable
                : printable.substring(0, MAX_REASON) + "…";
    }

    /** What becomes of the backend by it; UP takes nothing away. */
    public AdminState state() {
        return isDown ? AdminState.DOWN : wanted;
    }

    /** {@code 50%, drain}; {@code ready} for what takes nothing away. */
    @Override
    public String toString() {
        final List<String> parts = new ArrayList<>();
        if (weightPercent != 100) {
            parts.add(weightPercent + "%");
        }
        if (isDown) {
            parts.add("down: " + reason);
        } else if (wanted != AdminState.UP) {
            parts.add(wanted == AdminState.DRAIN ? "drain" : "maint");
        }

        return parts.isEmpty() ? "ready" : String.join(", ", parts);
    }
}
