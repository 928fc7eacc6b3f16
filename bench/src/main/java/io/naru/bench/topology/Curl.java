package io.naru.bench.topology;

import java.util.ArrayList;
import java.util.List;

/**
 * Real requests: each on a connection of its own, made by {@code curl} in a client's namespace. No
 * certificate is verified.
 */
public final class Curl {
    private static final String FORMAT =
            "%{exitcode} %{http_code} %{time_total} %header{x-backend}\\n";

    private static final int ANY_PORT = 0;

    private Curl() {}

    /**
     * One request as curl saw it.
     *
     * @param exitCode curl's; 0 is success, 7 refused, 28 timed out, 52 empty, 56 reset.
     * @param status HTTP status, 0 if there was none.
     * @param seconds from start to end.
     * @param backend the name the server gave itself, or an empty string.
     */
    public record Reply(int exitCode, int status, double seconds, String backend) {
        public boolean ok() {
            return exitCode == 0 && status == 200;
        }
    }

    /** Makes {@code count} requests one after another and tells how each went. */
    public static List<Reply> get(
            final Namespace client, final String url, final int count, final int timeoutSeconds) {
        return get(client, ANY_PORT, url, count, timeoutSeconds);
    }

    /** The same, each from a port of its own: {@code firstPort}, the one after it, and so on. */
    public static List<Reply> getFrom(
            final Namespace client,
            final int firstPort,
            final String url,
            final int count,
            final int timeoutSeconds) {
        return get(client, firstPort, url, count, timeoutSeconds);
    }

    private static List<Reply> get(
            final Namespace client,
            final int firstPort,
            final String url,
            final int count,
            final int timeoutSeconds) {
        final StringBuilder options = new StringBuilder();
        for (int i = 0; i < count; i++) {
            options.append(i == 0 ? "" : "next\n")
                    .append(firstPort == ANY_PORT ? "" : "local-port = " + (firstPort + i) + "\n")
                    .append(
                            "silent\ninsecure\nheader = \"Connection: close\"\noutput = /dev/null\n")
                    .append("max-time = ")
                    .append(timeoutSeconds)
                    .append("\nwrite-out = \"")
                    .append(FORMAT)
                    .append("\"\nurl = ")
                    .append(url)
                    .append('\n');
        }

        final Command.Result result =
                client.attemptWithInput(options.toString(), List.of("curl", "-K", "-"));
        final List<Reply> replies = new ArrayList<>(count);
        for (final String line : result.output().split("\n")) {
            final String[] fields = line.strip().split(" ");
            if (fields.length >= 3) {
                replies.add(
                        new Reply(
                                Integer.parseInt(fields[0]),
                                Integer.parseInt(fields[1]),
                                Double.parseDouble(fields[2]),
                                fields.length > 3 ? fields[3] : ""));
            }
        }

        return replies;
    }
}
