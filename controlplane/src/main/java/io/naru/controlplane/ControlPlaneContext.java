package io.naru.controlplane;

import io.naru.controlplane.health.Checks;
import io.naru.controlplane.health.HealthCheck;
import io.naru.controlplane.health.way.Ways;
import io.naru.dataplane.protocol.DataPlaneProperties;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;

/** The settings of a control plane, with their defaults; {@link #conclude} checks them. */
public final class ControlPlaneContext {
    /** What is on the command line is wrong. */
    static final class UsageException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        UsageException(final String message) {
            super(message);
        }
    }

    static final String USAGE = "usage: io.naru.controlplane.ControlPlane -c FILE [--run-dir DIR]";

    private Path configFile;
    private Path runDirectory;
    private LongSupplier clockMs = System::currentTimeMillis;
    private Random random = new Random();
    private long requestTimeoutMs = 10_000;
    private BiFunction<EventLoop, Ways, HealthCheck> check = Checks::new;

    /** The context that a command line asks for. */
    static ControlPlaneContext of(final List<String> args) {
        final ControlPlaneContext context = new ControlPlaneContext();
        for (int i = 0; i < args.size(); i += 2) {
            final String name = args.get(i);
            if (!name.equals("-c") && !name.equals("--run-dir")) {
                throw new UsageException("unknown option '" + name + "'; " + USAGE);
            }
            if (i + 1 == args.size()) {
                throw new UsageException(name + " needs a value; " + USAGE);
            }
            if (name.equals("-c")) {
                context.configFile(Path.of(args.get(i + 1)));
            } else {
                context.runDirectory(Path.of(args.get(i + 1)));
            }
        }
        if (context.configFile == null) {
            throw new UsageException("which configuration? " + USAGE);
        }

        return context;
    }

    /** The file that is read at start and on SIGHUP. */
    public ControlPlaneContext configFile(final Path file) {
        configFile = file;
        return this;
    }

    public Path configFile() {
        return configFile;
    }

    /** Directory of the instance; else NARU_RUN_DIR, else {@code /run/naru}. */
    public ControlPlaneContext runDirectory(final Path directory) {
        runDirectory = directory;
        return this;
    }

    public Path runDirectory() {
        return runDirectory;
    }

    /** The time of day in milliseconds. */
    public ControlPlaneContext clockMs(final LongSupplier clock) {
        clockMs = clock;
        return this;
    }

    public LongSupplier clockMs() {
        return clockMs;
    }

    /** Of the jitter of checks. */
    public ControlPlaneContext random(final Random source) {
        random = source;
        return this;
    }

    public Random random() {
        return random;
    }

    /** In which a client must have sent its request. */
    public ControlPlaneContext requestTimeoutMs(final long timeoutMs) {
        requestTimeoutMs = timeoutMs;
        return this;
    }

    public long requestTimeoutMs() {
        return requestTimeoutMs;
    }

    /** Makes the check of all kinds, to be used on the event loop given. */
    public ControlPlaneContext check(final BiFunction<EventLoop, Ways, HealthCheck> factory) {
        check = factory;
        return this;
    }

    public BiFunction<EventLoop, Ways, HealthCheck> check() {
        return check;
    }

    /** Checks what was set and fills in what was not. */
    void conclude() throws IOException {
        if (configFile == null) {
            throw new UsageException("configFile is not set");
        }
        if (runDirectory == null) {
            final String fromEnvironment = System.getenv("NARU_RUN_DIR");
            runDirectory =
                    Path.of(
                            fromEnvironment == null
                                    ? DataPlaneProperties.RUN_DIR_DEFAULT
                                    : fromEnvironment);
        }
        Files.createDirectories(runDirectory);
    }
}
