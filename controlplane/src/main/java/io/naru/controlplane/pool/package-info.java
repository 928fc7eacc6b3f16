/**
 * What each backend of a pool is to do, decided for the pool as a whole: from what file, operator,
 * checks and passing packets say of its backends, and the time. Nothing here reads a file, a clock
 * or a socket.
 */
package io.naru.controlplane.pool;
