/**
 * The control API: HTTP/1.1 and JSON on a Unix socket, see {@code docs/api.md}.
 *
 * <p>{@link io.naru.controlplane.api.ApiServer} turns bytes into {@link
 * io.naru.controlplane.api.ApiRequest}s and knows nothing of load balancing; {@link
 * io.naru.controlplane.api.ApiRoutes} answers them.
 */
package io.naru.controlplane.api;
