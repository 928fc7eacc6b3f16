package io.naru.controlplane.health;

import io.naru.linux.Libc;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Passes when a program ends with exit code 0 in time.
 *
 * <p>It runs in a process group of its own that is killed at the end, whatever happens, with what
 * it left behind; as its own user without capabilities, with nothing in its environment but what
 * the check says. Its output goes to a pipe that nobody reads before it has ended: the kernel's 64
 * KiB are the bound. At most {@value #MAX_RUNNING} run at once, others wait their turn, which is no
 * part of their timeout: a process, unlike a socket, costs.
 */
@SuppressWarnings("FutureReturnValueIgnored") // all that they do is caught within
final class ScriptCheck implements HealthCheck, AutoCloseable {
    static final int MAX_RUNNING = 32;

    private static final int SHOWN_BYTES = 1_024;
    private static final int PIPE_BYTES = 65_536;
    private static final int SIGKILL = 9;
    private static final String PATH =
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    private static final Path PASSWD = Path.of("/etc/passwd");

    private final EventLoop eventLoop;
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    private final Set<Run> running = new HashSet<>();
    private ExecutorService starters;

    ScriptCheck(final EventLoop eventLoop) {
        this.eventLoop = eventLoop;
    }

    @Override
    public void attempt(final CheckTarget target, final Consumer<CheckResult> onResult) {
        if (running.size() >= MAX_RUNNING) {
            waiting.add(() -> attempt(target, onResult));
            return;
        }
        if (starters == null) {
            // fork and exec take a millisecond or more, which no other check should wait for
            starters =
                    Executors.newFixedThreadPool(
                            2,
                            task -> {
                                final Thread thread = new Thread(task, "naru-script");
                                thread.setDaemon(true);
                                return thread;
                            });
        }

        final Run run = new Run(target, onResult);
        running.add(run);
        try {
            starters.execute(run::start);
        } catch (final RejectedExecutionException e) {
            run.end(CheckResult.notTried("could not try: the control plane stops", 0));
        }
    }

    @Override
    public void close() {
        waiting.clear();
        List.copyOf(running).forEach(Run::kill);
        if (starters != null) {
            starters.shutdownNow();
        }
    }

    /** The command line: a session, and so a group, of its own, then the user, then the program. */
    private static List<String> command(final CheckSpec.Script spec) throws IOException {
        final List<String> command = new ArrayList<>(List.of("setsid"));
        if (!spec.user().equals(System.getProperty("user.name"))) {
            command.addAll(
                    List.of(
                            "setpriv",
                            "--reuid=" + spec.user(),
                            "--regid=" + groupOf(spec.user()),
                            "--clear-groups",
                            "--inh-caps=-all",
                            "--ambient-caps=-all",
                            "--bounding-set=-all",
                            "--no-new-privs"));
        }
        command.addAll(spec.command());
        return command;
    }

    private static String groupOf(final String user) throws IOException {
        for (final String line : Files.readAllLines(PASSWD, StandardCharsets.ISO_8859_1)) {
            final String[] fields = line.split(":"); // passwd(5): name, password, uid, gid
            if (fields.length > 3 && (fields[0].equals(user) || fields[2].equals(user))) {
                return fields[3];
            }
        }

        throw new IOException("there is no user '" + user + "' in " + PASSWD);
    }

    private final class Run {
        private final CheckTarget target;
        private final CheckSpec.Script spec;
        private final Consumer<CheckResult> onResult;
        private Process process; // by the event loop
        private ScheduledFuture<?> timeout;
        private long startNs = System.nanoTime();
        private boolean over;

        Run(final CheckTarget target, final Consumer<CheckResult> onResult) {
            this.target = target;
            this.spec = (CheckSpec.Script) target.spec();
            this.onResult = onResult;
        }

        /** On a thread of its own. */
        private void start() {
            try {
                final ProcessBuilder builder =
                        new ProcessBuilder(command(spec))
                                .redirectErrorStream(true)
                                .redirectInput(
                                        ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                                .directory(Path.of("/").toFile());
                final Map<String, String> environment = builder.environment();
                environment.clear();
                environment.put("PATH", PATH);
                environment.put("NARU_ADDRESS", target.address().getAddress().getHostAddress());
                environment.put("NARU_PORT", Integer.toString(target.address().getPort()));
                environment.put(
                        "NARU_TIMEOUT_MS",
                        Long.toString(TimeUnit.NANOSECONDS.toMillis(target.timeoutNs())));
                final Process started = builder.start();
                eventLoop.execute(() -> onStarted(started));
            } catch (final IOException e) {
                eventLoop.execute(
                        () -> end(CheckResult.notTried("could not try: " + e.getMessage(), 0)));
            } catch (final RejectedExecutionException e) {
                end(CheckResult.notTried("could not try: the control plane stops", 0));
            }
        }

        private void onStarted(final Process started) {
            process = started;
            startNs = System.nanoTime();
            if (over) {
                kill();
                return;
            }

            timeout = eventLoop.schedule(this::onTimeout, target.timeoutNs(), TimeUnit.NANOSECONDS);
            started.onExit()
                    .whenComplete(
                            (ended, problem) -> {
                                if (!eventLoop.isShuttingDown()) {
                                    eventLoop.execute(this::onExit);
                                }
                            });
        }

        private void onTimeout() {
            final String output = output(true);
            kill();
            end(
                    CheckResult.failed(
                            "did not end within "
                                    + CheckTarget.words(target.timeoutNs())
                                    + ", killed"
                                    + output,
                            target.timeoutNs()));
        }

        private void onExit() {
            final int code = process.exitValue();
            final long durationNs = System.nanoTime() - startNs;
            final String took = CheckTarget.words(durationNs);
            final String output = over ? "" : output(false);
            kill(); // what it left behind
            end(
                    code == 0
                            ? CheckResult.passed("exit code 0 in " + took + output, durationNs)
                            : CheckResult.failed(
                                    "exit code " + code + " after " + took + output, durationNs));
        }

        /** What it wrote: the first line, for people. */
        private String output(final boolean isRunning) {
            final InputStream stream = process.getInputStream();
            try {
                final int available = stream.available();
                if (isRunning && available >= PIPE_BYTES / 2) { // pages of it may be half full
                    return ": it wrote all that is taken, 64 KiB, and more";
                }
                final byte[] bytes = stream.readNBytes(Math.min(available, SHOWN_BYTES));
                final String line =
                        new String(bytes, StandardCharsets.ISO_8859_1)
                                .lines()
                                .filter(each -> !each.isBlank())
                                .findFirst()
                                .orElse("");
                return line.isEmpty() ? "" : ": " + Octets.shown(line.strip());
            } catch (final IOException e) {
                return ""; // nothing that could be read
            }
        }

        void kill() {
            if (process != null) {
                // setsid(1) has made it the leader of a group that has its number
                Libc.kill(Math.toIntExact(-process.pid()), SIGKILL);
                process.destroyForcibly(); // in the moment before setsid
            }
        }

        void end(final CheckResult result) {
            if (over) {
                return;
            }

            over = true;
            if (timeout != null) {
                timeout.cancel(false);
            }
            running.remove(this);
            onResult.accept(result);
            if (!waiting.isEmpty()) {
                waiting.poll().run();
            }
        }
    }
}
