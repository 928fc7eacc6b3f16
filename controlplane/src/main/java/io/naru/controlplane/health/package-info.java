/**
 * Health checks: which backends answer, decided by a row of results and never by a single one.
 *
 * <p>A {@link io.naru.controlplane.health.HealthCheck} makes one attempt, a {@link
 * io.naru.controlplane.health.HealthState} turns the results into a verdict, and the {@link
 * io.naru.controlplane.health.HealthMonitor} does that for all backends at their intervals.
 */
package io.naru.controlplane.health;
