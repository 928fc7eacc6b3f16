/** Headers on the wire: where their fields are, whether a packet is whole, and its checksums. */
package io.naru.dataplane.packet;
