/**
 * The data plane's process: the conductor, the workers, and what puts them together.
 *
 * <p>{@link io.naru.dataplane.DataPlane} is where it begins. Threads meet in the {@code …Proxy}
 * classes only.
 */
package io.naru.dataplane;
