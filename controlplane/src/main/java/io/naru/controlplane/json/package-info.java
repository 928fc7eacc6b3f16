/**
 * JSON (RFC 8259) in and out, without reflection: what the API and the command line exchange.
 *
 * <p>Objects are {@link io.naru.controlplane.json.JsonObject}, arrays {@link java.util.List},
 * strings {@link String}, numbers {@link Long} or {@link Double}, and {@code null} is {@code null}.
 */
package io.naru.controlplane.json;
