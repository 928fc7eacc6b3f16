package io.naru.dataplane.protocol;

/**
 * One kind of error of the data plane's error log.
 *
 * @param text the exception with its stack trace.
 */
public record ErrorInfo(int count, long firstEpochMs, long lastEpochMs, String text) {}
