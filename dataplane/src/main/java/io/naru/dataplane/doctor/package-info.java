/**
 * {@code naru doctor}: what a box has and lacks for a balancer, with the remedy as a command.
 *
 * <p>{@link io.naru.dataplane.doctor.FactsReader} looks, {@link io.naru.dataplane.doctor.BoxChecks}
 * and {@link io.naru.dataplane.doctor.InterfaceChecks} judge what it saw, {@link
 * io.naru.dataplane.doctor.Report} prints. Nothing that is looked at is changed, and nothing is
 * attached to an interface.
 */
package io.naru.dataplane.doctor;
