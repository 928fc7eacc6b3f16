/**
 * The configuration file: its records, its reader with line and column in every error, and what is
 * derived from the same descriptors: the JSON schema, the reference page, differences, exports.
 *
 * <p>Each mapping of the file has one class that knows its keys (name, type, default, range and
 * meaning) and makes its record of what was read: {@link io.naru.controlplane.config.ServiceKeys}
 * those of a service, {@link io.naru.controlplane.config.ConfigKeys} those at the top.
 */
package io.naru.controlplane.config;
