package io.naru.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.protocol.CncFile;
import io.naru.dataplane.protocol.CncFileException;
import io.naru.dataplane.protocol.DataPlaneProperties;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The data plane as a process: what it says, how it ends, what it leaves. */
class DataPlaneProcessTest {
    private static final long TIMEOUT_S = 30;

    @TempDir Path directory;

    private final List<Process> processes = new ArrayList<>();

    @AfterEach
    void after() {
        processes.forEach(Process::destroyForcibly);
    }

    @Test
    void shouldEndWithCodeForWrongSettings() throws Exception {
        final Path settings = directory.resolve("dataplane.properties");
        Files.writeString(settings, "naru.interfaces=eth0\nnaru.frames=many\n");

        final Process process = start("", "-Dnaru.idle=lazy", settings.toString());

        assertEquals(78, exitCode(process));
        assertEquals(
                List.of(
                        "naru: naru.frames is 'many', expected a whole number from 256 to 65536",
                        "naru: naru.idle is 'lazy', expected backoff or busy"),
                output(process));
    }

    @Test
    void shouldEndWithCodeForSettingsThatCannotBeRead() throws Exception {
        final Process process = start("", directory.resolve("nothing").toString());

        assertEquals(78, exitCode(process));
        assertTrue(output(process).get(0).startsWith("naru: cannot read the settings in "));
    }

    @Test
    void shouldRefuseInterfaceThatIsNotThere() throws Exception {
        try (TestNamespace namespace = TestNamespace.create("process0")) {
            final Process process =
                    start(
                            namespace.name(),
                            setting(DataPlaneProperties.INTERFACES, "nope0"),
                            runDirectory());

            assertEquals(1, exitCode(process));
            assertEquals(List.of("naru: there is no interface nope0"), output(process));
        }
    }

    @Test
    void shouldDetachAndEndWithZeroWhenToldToStop() throws Exception {
        try (TestNamespace namespace = TestNamespace.create("process1")) {
            veth(namespace);
            final Process process = startOnVeth(namespace);
            awaitAttached(namespace, true);

            final Process second = startOnVeth(namespace);
            assertEquals(1, exitCode(second));
            assertTrue(
                    output(second)
                            .get(0)
                            .contains("the data plane with pid " + pid(process) + " is running"),
                    "it names the one that is there");

            stop(process);
            assertEquals(0, exitCode(process));
            awaitAttached(namespace, false);
            try (CncFile cncFile = CncFile.map(directory)) {
                assertTrue(cncFile.stoppedEpochMs() > 0);
                assertFalse(cncFile.isProcessAlive());
            }
        }
    }

    @Test
    void shouldTakeThePlaceOfOneThatWasKilled() throws Exception {
        try (TestNamespace namespace = TestNamespace.create("process2")) {
            veth(namespace);
            final Process killed = startOnVeth(namespace);
            awaitAttached(namespace, true);

            ProcessHandle.of(pid(killed)).orElseThrow().destroyForcibly();
            exitCode(killed);
            awaitAttached(namespace, false);
            try (CncFile cncFile = CncFile.map(directory)) {
                assertEquals(0, cncFile.stoppedEpochMs());
                assertFalse(cncFile.isProcessAlive());
            }

            final Process next = startOnVeth(namespace);
            awaitAttached(namespace, true);
            try (CncFile cncFile = CncFile.map(directory)) {
                assertEquals(pid(next), cncFile.pid());
                assertEquals("native", cncFile.directory().interfaces().get(0).mode());
            }
            stop(next);
            assertEquals(0, exitCode(next));
        }
    }

    // -- processes --------------------------------------------------------------------------------

    private static void veth(final TestNamespace namespace) {
        namespace.sh("ip link add veth0 type veth peer name veth1");
        namespace.sh("ip link set veth0 up && ip link set veth1 up");
    }

    private Process startOnVeth(final TestNamespace namespace) throws IOException {
        return start(
                namespace.name(),
                setting(DataPlaneProperties.INTERFACES, "veth0"),
                setting(DataPlaneProperties.FLOW_CAPACITY, "1024"),
                setting(DataPlaneProperties.FRAMES, "256"),
                runDirectory());
    }

    private String runDirectory() {
        return setting(DataPlaneProperties.RUN_DIR, directory.toString());
    }

    private static String setting(final String name, final String value) {
        return "-D" + name + "=" + value;
    }

    private Process start(final String namespace, final String... settings) throws IOException {
        final List<String> command = new ArrayList<>();
        if (!namespace.isEmpty()) {
            command.addAll(List.of("ip", "netns", "exec", namespace)); // becomes the java process
        }
        command.addAll(
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-exports",
                        "java.base/jdk.internal.misc=ALL-UNNAMED",
                        "-Xmx128m",
                        "-cp",
                        System.getProperty("java.class.path")));
        for (final String setting : settings) {
            if (setting.startsWith("-D")) {
                command.add(setting);
            }
        }
        command.add(DataPlane.class.getName());
        for (final String setting : settings) {
            if (!setting.startsWith("-D")) {
                command.add(setting);
            }
        }

        final Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        processes.add(process);
        return process;
    }

    private static long pid(final Process process) {
        return process.pid();
    }

    private static void stop(final Process process) {
        process.destroy(); // SIGTERM
    }

    private static int exitCode(final Process process) throws InterruptedException {
        assertTrue(process.waitFor(TIMEOUT_S, TimeUnit.SECONDS), "the process does not end");
        return process.exitValue();
    }

    private static List<String> output(final Process process) throws IOException {
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
    }

    private void awaitAttached(final TestNamespace namespace, final boolean isAttached)
            throws InterruptedException {
        final long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_S);
        while (namespace.sh("ip link show veth0").contains(" xdp") != isAttached
                || (isAttached && !isShown())) {
            assertTrue(
                    System.nanoTime() < deadlineNs,
                    () -> "waited in vain for attached=" + isAttached);
            TimeUnit.MILLISECONDS.sleep(10);
        }
    }

    /** What it found out about its interfaces is in the cnc file just after it has attached. */
    private boolean isShown() {
        try (CncFile cncFile = CncFile.map(directory)) {
            return cncFile.isProcessAlive()
                    && cncFile.directory().interfaces().stream()
                            .anyMatch(info -> info.mode().equals("native"));
        } catch (final CncFileException ex) {
            return false;
        }
    }
}
