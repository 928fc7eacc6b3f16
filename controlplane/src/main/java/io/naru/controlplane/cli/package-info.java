/**
 * The command line: {@link io.naru.controlplane.cli.NaruCli} and one class a command.
 *
 * <p>A run of it lives for a fraction of a second, so what it loads is kept small: no netty, no
 * logging framework, and only the class of the command that was asked for.
 */
package io.naru.controlplane.cli;
