/**
 * What the command line prints: tables for people, JSON for programs, colour on a terminal only.
 */
package io.naru.controlplane.cli.output;
