/**
 * What the data plane should do, and the way there: the file's configuration, the operators'
 * overrides and the health checks' verdicts become one state per backend, and the difference to
 * what the data plane has confirmed becomes commands.
 */
package io.naru.controlplane.reconcile;
