/**
 * What the two planes agree on: the cnc file, commands, events, statistics and limits.
 *
 * <p>The one package of the data plane that the control plane imports; it needs Agrona and the JDK
 * only. {@link io.naru.dataplane.protocol.DataPlaneClient} is where a client begins.
 */
package io.naru.dataplane.protocol;
