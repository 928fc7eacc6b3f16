package io.naru.controlplane.cli;

import io.naru.controlplane.json.JsonObject;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code naru drain BACKEND}. */
@Command(
        name = "drain",
        header = "Keeps a backend's flows and gives it no new ones, until undrain.",
        description =
                "Returns when the data plane does so; with --wait, when no flow is left. At the"
                        + " deadline, what is left is ended. An override: it outlives restarts and"
                        + " applies; naru get overrides shows it with who, when and why.",
        footer = {
            "  naru drain web/s1 -m 'kernel update'",
            "  naru drain web/s1 --deadline 5m --wait",
            "  naru get backends --watch           what is left of all of them",
        })
final class DrainCommand extends OnlineCommand {
    private static final Pattern PART = Pattern.compile("(\\d{1,6})(s|m|h|d)");
    private static final long LOOK_INTERVAL_MS = 500;

    @Parameters(paramLabel = "BACKEND", description = "pool/backend, or backend where unique.")
    private String backend;

    @Option(
            names = {"-m", "--message"},
            paramLabel = "WHY",
            description = "Why, for whoever looks at it later.")
    private String why;

    @Option(
            names = {"-d", "--deadline"},
            paramLabel = "DURATION",
            description = "After this time the flows that are left are ended: 30s, 5m, 1h30m.")
    private String deadline;

    @Option(
            names = {"-w", "--wait"},
            description = "Shows what is left until nothing is, or until the deadline.")
    private boolean wait;

    @Override
    public Integer call() {
        final JsonObject body = new JsonObject().putIfPresent("why", why);
        if (deadline != null) {
            body.put("deadlineMs", durationMs(deadline));
        }
        final JsonObject json =
                api().send(
                                "POST",
                                "/v1/backends/" + ApiClient.encodedPath(backend) + ":drain",
                                body.toString());
        final String target = json.object("override").string("target");
        if (!wait) {
            return answer(json, target + " drains");
        }
        if (!json.flag("isInForce")) {
            throw new CliException(
                    ExitCode.UNREACHABLE, target + " is to drain, " + json.string("note"), null);
        }

        return await(target);
    }

    private int await(final String target) {
        String shown = null;
        try {
            while (true) {
                final JsonObject json = api().get("/v1/backends/" + ApiClient.encodedPath(target));
                final JsonObject drain = json.object("drain");
                if (drain == null) {
                    throw new CliException(
                            ExitCode.CONFLICT,
                            target + " drains no longer: " + json.string("state"),
                            "naru describe backend " + target + " says by whom");
                }
                if (drain.number("flowsLeft", 0) == 0) {
                    return end(json, target + " is drained");
                }
                if (json.string("state").equals("off")) {
                    return end(json, target + ": the deadline passed, what was left is ended");
                }
                final String left = drain.number("flowsLeft", 0) + "";
                if (!isJson() && !left.equals(shown)) {
                    shown = left;
                    output().note(target + " drains, " + cells().left(drain) + "\n");
                }
                TimeUnit.MILLISECONDS.sleep(LOOK_INTERVAL_MS);
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            return ExitCode.NO;
        }
    }

    private int end(final JsonObject json, final String line) {
        if (isJson()) {
            output().json(json);
        } else {
            output().line(line);
        }

        return ExitCode.OK;
    }

    private Cells cells() {
        return new Cells(output().style(), output().format(), System.currentTimeMillis());
    }

    static long durationMs(final String text) {
        final Matcher part = PART.matcher(text);
        long ms = 0;
        int at = 0;
        while (at < text.length() && part.find(at) && part.start() == at) {
            ms +=
                    Long.parseLong(part.group(1))
                            * switch (part.group(2)) {
                                case "s" -> 1_000L;
                                case "m" -> 60_000L;
                                case "h" -> 3_600_000L;
                                default -> 86_400_000L;
                            };
            at = part.end();
        }
        if (text.isEmpty() || at < text.length()) {
            throw new CliException(
                    ExitCode.USAGE,
                    "--deadline takes a duration such as 30s, 5m or 1h30m, not '" + text + "'",
                    null);
        }

        return ms;
    }
}
