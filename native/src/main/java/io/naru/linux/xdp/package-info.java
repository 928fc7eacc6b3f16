/**
 * AF_XDP: sockets that exchange whole frames with the kernel over rings in shared memory.
 *
 * <p>{@code docs/af-xdp.md} tells how the pieces work together.
 */
package io.naru.linux.xdp;
