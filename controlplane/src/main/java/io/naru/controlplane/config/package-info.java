/**
 * The configuration file: its records, its reader with line and column in every error, and what is
 * derived from the same descriptors: the JSON schema, the reference page, differences, exports.
 *
 * <p>{@link io.naru.controlplane.config.ConfigKeys} is the one place that knows a key: its name,
 * type, default, range and meaning.
 */
package io.naru.controlplane.config;
