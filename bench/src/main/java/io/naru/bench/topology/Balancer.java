package io.naru.bench.topology;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Naru itself in a namespace: the two planes as two processes, and its command line. */
public final class Balancer {
    private static final long STOP_SECONDS = 10;

    private final Namespace host;
    private final Path launcher;
    private final Path runDirectory;
    private final Path configuration;
    private final Map<String, String> environment = new HashMap<>();
    private Process dataPlane;
    private Process controlPlane;

    /**
     * @param launcher the {@code naru} script.
     * @param yaml the configuration's text.
     */
    public Balancer(
            final Namespace host, final Path launcher, final Path parent, final String yaml) {
        this.host = host;
        this.launcher = launcher;
        runDirectory = parent.resolve("run");
        configuration = parent.resolve("naru.yaml");
        try {
            Files.createDirectories(runDirectory);
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        }

        configure(yaml);
        environment.put("NARU_RUN_DIR", runDirectory.toString());
    }

    /** The launcher of the tree that this JVM was started from. */
    public static Path launcher() {
        final String home = System.getProperty("naru.home");
        if (home != null) {
            return Path.of(home, "naru");
        }

        Path directory = Path.of("").toAbsolutePath();
        while (directory != null && !Files.isExecutable(directory.resolve("naru"))) {
            directory = directory.getParent();
        }

        if (directory == null) {
            throw new IllegalStateException("no launcher 'naru' here or above; set -Dnaru.home");
        }

        return directory.resolve("naru");
    }

    public void configure(final String yaml) {
        try {
            Files.writeString(configuration, yaml);
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** Sets a variable of the environment that the planes get from their next start on. */
    public void environment(final String variable, final String value) {
        environment.put(variable, value);
    }

    public Namespace host() {
        return host;
    }

    public Path configuration() {
        return configuration;
    }

    public Path runDirectory() {
        return runDirectory;
    }

    public Process startDataPlane() {
        dataPlane = start("dataplane");
        return dataPlane;
    }

    public Process startControlPlane() {
        controlPlane = start("controlplane");
        return controlPlane;
    }

    public Process dataPlane() {
        return dataPlane;
    }

    public Process controlPlane() {
        return controlPlane;
    }

    /** Ends both planes, as an operator would, and waits until they are gone. */
    public void stop() {
        for (final Process plane : new Process[] {controlPlane, dataPlane}) {
            if (plane != null) {
                plane.destroy();
            }
        }

        for (final Process plane : new Process[] {controlPlane, dataPlane}) {
            if (plane != null) {
                plane.onExit().orTimeout(STOP_SECONDS, TimeUnit.SECONDS).join();
            }
        }
    }

    private Process start(final String plane) {
        return host.start(
                log(plane),
                environment,
                List.of(launcher.toString(), plane, "-c", configuration.toString()));
    }

    public Path log(final String plane) {
        return runDirectory.resolve(plane + ".log");
    }

    /** What a plane has written to its log, for a failure's message. */
    public String logText(final String plane) {
        try {
            return Files.exists(log(plane)) ? Files.readString(log(plane)) : "(no log)";
        } catch (final IOException ex) {
            return ex.toString();
        }
    }

    /** Runs one command of the CLI against this instance. */
    public Command.Result naru(final String... arguments) {
        final List<String> command =
                new ArrayList<>(
                        List.of("env", "NARU_RUN_DIR=" + runDirectory, launcher.toString()));
        command.addAll(List.of(arguments));
        return host.attemptWithInput("", command);
    }
}
