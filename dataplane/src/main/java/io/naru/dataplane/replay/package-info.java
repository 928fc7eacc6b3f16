/**
 * {@code naru replay}: a capture through the packet path of the data plane, and what became of each
 * packet.
 */
package io.naru.dataplane.replay;
