package io.naru.controlplane.pool;

/**
 * A backend is out for a while, as its connections do not open.
 *
 * @param times how often in a row, this one included.
 * @param reason {@code 6 of 8 openings failed in 10s (4 unanswered, 2 refused)}.
 */
public record Ejection(long sinceMs, long untilMs, int times, String reason) {}
