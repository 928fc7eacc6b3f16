/**
 * The ways that a check's packets take to a backend: its own address, or, for a service in a DSR
 * mode, the VIP on that backend, by the same Ethernet frame or tunnel that clients' packets take.
 *
 * <p>{@link io.naru.controlplane.health.way.Ways} has the picture. The one package of the control
 * plane that speaks to {@code io.naru.linux}.
 */
package io.naru.controlplane.health.way;
