package io.naru.controlplane.cli;

import io.naru.controlplane.cli.output.Output;
import io.naru.controlplane.cli.output.Terminal;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Stack;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.IParameterPreprocessor;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;

/** {@code --watch[=1s]}: does the same again and again until it is interrupted. */
final class Watch {
    static final String DEFAULT = "1s";

    private static final Pattern INTERVAL = Pattern.compile("(\\d{1,5})(ms|s|m)?");
    private static final long MIN_INTERVAL_MS = 100;
    private static final String HOME_AND_CLEAR = "\u001b[H\u001b[2J";

    private Watch() {}

    /**
     * Takes the interval only where it is attached with {@code =}: a noun may follow the option.
     */
    static final class Interval implements IParameterPreprocessor {
        @Override
        public boolean preprocess(
                final Stack<String> arguments,
                final CommandSpec command,
                final ArgSpec option,
                final Map<String, Object> info) {
            if ("=".equals(info.get("separator"))) {
                return false;
            }
            option.setValue(DEFAULT);
            return true;
        }
    }

    /**
     * Never returns but by an exception or the end of the JVM; {@code interval} null: runs once.
     */
    static int run(final String interval, final Output output, final Runnable once) {
        if (interval == null) {
            once.run();
            return ExitCode.OK;
        }

        final long intervalMs = intervalMs(interval);
        final boolean isTerminal = Terminal.isStdout();
        try {
            while (true) {
                if (isTerminal) {
                    output.text(HOME_AND_CLEAR);
                    output.line(
                            output.style()
                                    .dim(
                                            "every "
                                                    + interval
                                                    + "  "
                                                    + LocalTime.now(ZoneId.systemDefault())
                                                            .truncatedTo(ChronoUnit.SECONDS)));
                }
                once.run();
                if (!isTerminal) {
                    output.line("");
                }
                TimeUnit.MILLISECONDS.sleep(intervalMs);
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            return ExitCode.OK;
        }
    }

    static long intervalMs(final String text) {
        final Matcher matcher = INTERVAL.matcher(text);
        if (!matcher.matches()) {
            throw new CliException(
                    ExitCode.USAGE,
                    "--watch takes an interval such as 1s or 500ms, not '" + text + "'",
                    null);
        }

        final long unit =
                "ms".equals(matcher.group(2)) ? 1 : "m".equals(matcher.group(2)) ? 60_000 : 1_000;
        return Math.max(MIN_INTERVAL_MS, Long.parseLong(matcher.group(1)) * unit);
    }
}
