package io.naru.dataplane;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.naru.linux.Libc;
import io.naru.linux.LinuxException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/** A network namespace of its own for a test; it and all its interfaces are gone after it. */
public final class TestNamespace implements AutoCloseable {
    private static final int CLONE_NEWNET = 0x4000_0000;
    private static final int O_CLOEXEC = 0x80000;

    private final String name;

    private TestNamespace(final String name) {
        this.name = name;
    }

    /** Skips the test, with the reason, where namespaces can't be made. */
    public static TestNamespace create(final String suffix) {
        final String name = "nt-netlink-" + ProcessHandle.current().pid() + "-" + suffix;
        final String refusal;
        try {
            refusal = execute("ip", "netns", "add", name);
        } catch (final IllegalStateException e) {
            assumeTrue(false, "needs root to make network namespaces: " + e.getMessage());
            throw e;
        }

        assumeTrue(refusal.isEmpty(), refusal);
        final TestNamespace namespace = new TestNamespace(name);
        namespace.sh("sysctl -qw net.ipv6.conf.all.disable_ipv6=1");
        namespace.sh("sysctl -qw net.ipv6.conf.default.disable_ipv6=1");
        namespace.sh("ip link set lo up");
        return namespace;
    }

    public String name() {
        return name;
    }

    /** Runs a shell command inside and returns its output. */
    public String sh(final String command) {
        return execute("ip", "netns", "exec", name, "sh", "-c", command);
    }

    /** Runs {@code body} on a thread that is inside. */
    public <T> T call(final Callable<T> body) throws Exception {
        final FutureTask<T> task =
                new FutureTask<>(
                        () -> {
                            enter();
                            return body.call();
                        });
        final Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
        try {
            return task.get(60, TimeUnit.SECONDS);
        } catch (final java.util.concurrent.ExecutionException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }

            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }

    @Override
    public void close() {
        execute("ip", "netns", "del", name);
    }

    private void enter() {
        final int fd = Libc.open("/run/netns/" + name, O_CLOEXEC, 0);
        LinuxException.check(fd, "open", name, "");
        LinuxException.check(Libc.setns(fd, CLONE_NEWNET), "setns", name, "");
        Libc.close(fd);
    }

    private static String execute(final String... command) {
        try {
            final Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            final String output =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                            .strip();
            if (process.waitFor() != 0) {
                throw new IllegalStateException(String.join(" ", command) + ": " + output);
            }

            return output;
        } catch (final IOException e) {
            throw new IllegalStateException(e.getMessage(), e);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
