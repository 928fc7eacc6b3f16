package io.naru.controlplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.controlplane.HttpClient.Answer;
import io.naru.controlplane.config.ConfigException;
import io.naru.controlplane.json.JsonObject;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The whole control plane over its real socket, with a data plane that only speaks the protocol.
 */
class ControlPlaneTest {
    private static final int NO_SUCH_PID = Integer.MAX_VALUE;

    @TempDir private Path directory;

    private final ScriptedCheck check = new ScriptedCheck();
    private Instance instance;
    private FakeDataPlane dataPlane;

    @BeforeEach
    void setUp() throws Exception {
        instance = new Instance(directory, check);
        Files.createDirectories(instance.runDirectory());
    }

    @AfterEach
    void tearDown() {
        instance.close();
        if (dataPlane != null) {
            dataPlane.close();
        }
    }

    // -- health and data plane --------------------------------------------------------------------

    @Test
    void shouldTellTheDataPlaneWhatTheChecksFind() throws Exception {
        check.pass(8_001);
        check.fail(8_002);
        dataPlane = new FakeDataPlane(instance.runDirectory());
        instance.start();

        awaitBackend("web/s1", "up 100");
        awaitBackend("web/s2", "down 100");
        check.fail(8_001);
        awaitBackend("web/s1", "down 100");
        check.pass(8_002);
        awaitBackend("web/s2", "up 100");

        instance.awaitEvent("web/s1: up -> down: connect refused after 0.1 ms");
        assertEquals("connect refused after 0.1 ms", instance.backend("s1").string("reason"));
    }

    @Test
    void shouldLetTheSorryServerServeWhenNobodyElseDoes() throws Exception {
        configure("sorry-server: 10.2.0.9:8009");
        check.pass(8_001);
        check.fail(8_002);
        dataPlane = new FakeDataPlane(instance.runDirectory());
        instance.start();
        awaitBackend("web/s1", "up 100");
        awaitBackend("web/sorry-server", "standby 100");
        assertEquals("standby", instance.state("sorry-server"));

        check.fail(8_001);
        awaitBackend("web/sorry-server", "up 100");
        instance.awaitEvent("web: the sorry server serves: no backend is up");
        assertTrue(
                status().strings("alarms")
                        .contains(
                                "service web: no backend is up; 2 of 3 backends take no new flows"
                                        + " (2 down)"),
                () -> status().toString());

        instance.close();
        instance = new Instance(directory, new ScriptedCheck()).start();
        awaitInSync();
        assertEquals("up 100", dataPlane.backend("web/sorry-server"), "also after a restart");
        instance.close();
        instance = new Instance(directory, check).start();
        check.pass(8_001);
        awaitBackend("web/s1", "up 100");
        awaitBackend("web/sorry-server", "standby 100");

        assertTrue(
                instance.send("POST", "/v1/backends/web/sorry-server:drain", "")
                        .body()
                        .flag("isInForce"));
        assertEquals("drain", instance.state("sorry-server"));
        assertEquals("standby 100", dataPlane.backend("web/sorry-server"), "others serve");
    }

    @Test
    void shouldStartSlowlyWhatCameUp() throws Exception {
        configure("slow-start: 4s");
        check.pass(8_001);
        check.fail(8_002);
        dataPlane = new FakeDataPlane(instance.runDirectory());
        instance.start();
        awaitBackend("web/s1", "up 100");
        awaitBackend("web/s2", "down 100");
        assertEquals(100, dataPlane.share("web/s1"), "not at our start");

        check.pass(8_002);
        awaitBackend("web/s2", "up 100");
        assertEquals(10, dataPlane.share("web/s2"));
        Await.until(() -> dataPlane.share("web/s2") == 100, () -> "all of its share");

        instance.awaitEvent("web/s2: starts slowly, over 4 s");
    }

    @Test
    void shouldEjectABackendWhoseConnectionsDoNotOpen() throws Exception {
        configure("outliers: { failures: 3, eject: 1s }");
        check.pass(8_001);
        check.pass(8_002);
        dataPlane = new FakeDataPlane(instance.runDirectory());
        instance.start();
        awaitBackend("web/s1", "up 100");
        awaitBackend("web/s2", "up 100");
        final long samplesMs = System.currentTimeMillis() + 2_100;
        Await.until(() -> System.currentTimeMillis() > samplesMs, () -> "samples");

        dataPlane.traffic("web/s1", 6, 1);
        dataPlane.openings("web/s1", 2, 3);

        awaitBackend("web/s1", "standby 100");
        assertEquals("ejected", instance.state("s1"));
        instance.awaitEvent(
                "web/s1: ejected for 1 s: 5 of 6 openings failed in 10 s (2 unanswered, 3"
                        + " refused)");
        awaitBackend("web/s1", "up 100");
        assertEquals("up 100", dataPlane.backend("web/s2"));
    }

    /** A line of the pool more than {@link Instance#CONFIG} has. */
    private void configure(final String line) throws IOException {
        Files.writeString(
                instance.configFile(),
                Instance.CONFIG.replace(
                        "  - name: web\n    check:",
                        "  - name: web\n    " + line + "\n    check:"));
    }

    @Test
    void shouldStartWithoutADataPlaneAndSayWhatItWaitsFor() throws Exception {
        check.pass(8_001);
        check.pass(8_002);
        instance.start();
        instance.awaitEvent("waiting for it");
        final JsonObject status = instance.get("/v1/status").body();
        assertEquals("absent", status.object("dataPlane").string("state"));
        assertFalse(status.flag("isOk"));

        dataPlane = new FakeDataPlane(instance.runDirectory());

        awaitBackend("web/s1", "up 100");
        awaitBackend("web/s2", "up 100");
        Await.until(this::isOk, () -> status().toString());
    }

    @Test
    void shouldTakeNoBackendAwayWhenTheControlPlaneRestarts() throws Exception {
        check.pass(8_001);
        check.pass(8_002);
        dataPlane = new FakeDataPlane(instance.runDirectory());
        instance.start();
        awaitBackend("web/s1", "up 100");
        awaitBackend("web/s2", "up 100");
        instance.close();
        dataPlane.takeLog();
        final ScriptedCheck silent = new ScriptedCheck();

        instance = new Instance(directory, silent).start();

        Await.until(() -> !dataPlane.takeLog().isEmpty(), () -> "a resync");
        awaitInSync();
        assertEquals("up 100", dataPlane.backend("web/s1"));
        assertEquals("up 100", dataPlane.backend("web/s2"));
        assertEquals("up", instance.state("s1"), "as the data plane has it");
        silent.fail(8_001);
        awaitBackend("web/s1", "down 100");
        assertEquals("up 100", dataPlane.backend("web/s2"));
    }

    @Test
    void shouldGiveADataPlaneThatRestartedTheWholeState() throws Exception {
        check.pass(8_001);
        check.fail(8_002);
        dataPlane = new FakeDataPlane(instance.runDirectory());
        instance.start();
        awaitBackend("web/s1", "up 100");
        assertEquals(200, instance.send("PUT", "/v1/backends/s1/weight", "{\"value\":7}").status());

        dataPlane.stop();
        instance.awaitEvent("stopped");
        dataPlane.close();
        dataPlane = new FakeDataPlane(instance.runDirectory());

        awaitBackend("web/s1", "up 7");
        awaitBackend("web/s2", "down 100");
    }

    @Test
    void shouldReportADeadDataPlaneByNameWithItsLastError() throws Exception {
        dataPlane = new FakeDataPlane(instance.runDirectory());
        instance.start();
        awaitInSync();

        dataPlane.fail("worker 0: eth1 went away");
        dataPlane.die(NO_SUCH_PID);

        instance.awaitEvent("data plane: pid " + NO_SUCH_PID + " died: last heartbeat ");
        instance.awaitEvent("its last error: worker 0: eth1 went away");
        final JsonObject shown = status().object("dataPlane");
        assertEquals("gone", shown.string("state"));
        assertEquals("worker 0: eth1 went away", shown.string("lastError"));
        assertEquals(200, instance.get("/v1/drops").status(), "its file can still be read");
        assertEquals(200, instance.get("/v1/workers").status());
        dataPlane = null;
    }

    @Test
    void shouldTellADataPlaneThatHangsFromOneThatDied() throws Exception {
        check.pass(8_001);
        dataPlane = new FakeDataPlane(instance.runDirectory());
        instance.start();
        awaitBackend("web/s1", "up 100");

        dataPlane.hang();
        instance.awaitEvent("does not respond: its process lives, last heartbeat ");
        dataPlane.goOn();

        awaitInSync();
        assertEquals("running", status().object("dataPlane").string("state"));
    }

    // -- overrides --------------------------------------------------------------------------------

    @Test
    void shouldDrainAndUndrainByHand() throws Exception {
        startInSync();

        final Answer drained =
                instance.send("POST", "/v1/backends/web/s1:drain", "{\"why\":\"disk is full\"}");

        assertEquals(200, drained.status(), drained.toString());
        assertTrue(drained.body().flag("isInForce"));
        assertEquals("drain 100", dataPlane.backend("web/s1"), "in force before it is answered");
        final JsonObject shown = instance.backend("s1");
        assertEquals("drain", shown.string("state"));
        assertTrue(
                shown.string("reason").matches("set by \\S+: \"disk is full\""),
                shown.string("reason"));
        instance.awaitEvent("state set to drain (the file says up): \"disk is full\"");

        assertEquals(200, instance.send("POST", "/v1/backends/s1:undrain", "").status());
        awaitBackend("web/s1", "up 100");
        assertEquals(List.of(), instance.get("/v1/overrides").body().objects("items"));
    }

    @Test
    void shouldShowAnOverrideBesideTheFilesValueUntilItIsUnset() throws Exception {
        startInSync();

        instance.send("PUT", "/v1/backends/s1/weight", "{\"value\": 5, \"why\": \"canary\"}");

        final JsonObject override = instance.get("/v1/overrides").body().objects("items").get(0);
        assertEquals("weight", override.string("setting"));
        assertEquals("web/s1", override.string("target"));
        assertEquals("5", override.string("value"));
        assertEquals("100", override.string("fileValue"));
        assertEquals("canary", override.string("why"));
        assertEquals(ProcessHandle.current().pid(), override.object("by").number("pid", 0));
        assertEquals("up 5", dataPlane.backend("web/s1"));

        assertEquals(200, instance.send("DELETE", "/v1/backends/s1/weight", "").status());
        assertEquals("up 100", dataPlane.backend("web/s1"));
        final Answer again = instance.send("DELETE", "/v1/backends/s1/weight", "");
        assertEquals(404, again.status());
        assertEquals("the weight of web/s1 is not overridden", again.body().string("detail"));
    }

    @Test
    void shouldChangeTheAlgorithmOfAService() throws Exception {
        startInSync();

        final Answer answer =
                instance.send("PUT", "/v1/services/web/algorithm", "{\"value\":\"maglev\"}");

        assertEquals(200, answer.status(), answer.toString());
        assertEquals("maglev", dataPlane.algorithm("web").label());
        final JsonObject service = instance.get("/v1/services/web").body();
        assertEquals("maglev", service.string("algorithm"));
        assertEquals("rr", service.string("fileAlgorithm"));
    }

    @Test
    void shouldKeepOverridesOverARestartAndAnApply() throws Exception {
        startInSync();
        instance.send("POST", "/v1/backends/s1:drain", "");
        instance.send("PUT", "/v1/services/web/algorithm", "{\"value\":\"sh\"}");
        instance.close();

        instance = new Instance(directory, check).start();

        assertEquals(2, instance.get("/v1/overrides").body().objects("items").size());
        awaitInSync();
        assertEquals("drain 100", dataPlane.backend("web/s1"));
        final Answer applied = apply(Instance.CONFIG.replace("vip: 192.0.2.10", "vip: 192.0.2.11"));
        assertEquals(200, applied.status());
        assertEquals("drain 100", dataPlane.backend("web/s1"));
        assertEquals("sh", dataPlane.algorithm("web").label());
    }

    @Test
    void shouldKeepAndNameTheOverrideOfABackendThatIsRemoved() throws Exception {
        startInSync();
        instance.send("PUT", "/v1/backends/s2/weight", "{\"value\":9}");
        final String without = Instance.CONFIG.replaceAll(".*name: s2.*\n", "");

        final Answer applied = apply(without);

        assertEquals(
                List.of(
                        "weight of web/s2 stays overridden though web/s2 is no longer configured:"
                                + " naru unset weight web/s2"),
                applied.body().strings("notes"));
        assertEquals(1, instance.get("/v1/overrides").body().objects("items").size());
        apply(Instance.CONFIG);
        awaitInSync();
        assertTrue(dataPlane.backend("web/s2").endsWith(" 9"), dataPlane.backend("web/s2"));
        apply(without);
        assertEquals(200, instance.send("DELETE", "/v1/backends/web/s2/weight", "").status());
    }

    @Test
    void shouldSayThatAnOverrideIsNotInForceWithoutADataPlane() throws Exception {
        instance.start();

        final JsonObject answer = instance.send("POST", "/v1/backends/s1:drain", "").body();

        assertFalse(answer.flag("isInForce"));
        assertEquals(
                "kept, but not in force yet: no data plane is attached", answer.string("note"));
    }

    // -- configuration ----------------------------------------------------------------------------

    @Test
    void shouldApplyAConfigurationWhole() throws Exception {
        startInSync();
        final String next =
                Instance.CONFIG.replace(
                        "      - { name: s2, address: 10.2.0.2, port: 8002 }",
                        "      - { name: s3, address: 10.2.0.3, port: 8003, weight: 20 }");

        final Answer diff = instance.send("POST", "/v1/config:diff?name=next.yaml", next);
        final Answer applied = apply(next);

        assertFalse(diff.body().flag("isSame"));
        assertEquals(200, applied.status(), applied.toString());
        assertEquals(2, applied.body().number("revision", 0));
        assertEquals(diff.body().object("diff"), applied.body().object("diff"));
        assertEquals("up 100", dataPlane.backend("web/s1"), "goes on");
        assertEquals("down 20", dataPlane.backend("web/s3"), "must pass its checks first");
        check.pass(8_003);
        awaitBackend("web/s3", "up 20");
        instance.awaitEvent("next.yaml: applied as revision 2");
    }

    @Test
    void shouldKeepServingWhenOnlyTheCheckChanges() throws Exception {
        startInSync();

        apply(Instance.CONFIG.replace("interval: 100ms", "interval: 90ms"));

        for (final String line : dataPlane.takeLog()) {
            assertFalse(line.contains("down"), line);
        }
        assertEquals("up 100", dataPlane.backend("web/s1"));
    }

    @Test
    void shouldRefuseAConfigurationWithErrorsWholeAndSayAllOfThem() throws Exception {
        startInSync();
        dataPlane.takeLog();
        final String bad = Instance.CONFIG.replace("port: 80\n", "prot: 80\n").replace("s2", "s1");

        final Answer answer = apply(bad);

        assertEquals(422, answer.status());
        assertTrue(answer.body().objects("errors").size() >= 2, answer.toString());
        assertTrue(
                answer.body().string("report").contains("next.yaml:5:5: error"),
                answer.body().string("report"));
        assertEquals(List.of(), dataPlane.takeLog());
        assertEquals(1, status().object("config").number("revision", 0));
        instance.awaitEvent("next.yaml: not applied: next.yaml has errors");
    }

    @Test
    void shouldChangeNothingWhenTheDataPlaneRefuses() throws Exception {
        startInSync();
        dataPlane.refuseNext("VIP 192.0.2.99 is an address of eth0");

        final Answer answer = apply(Instance.CONFIG.replace("vip: 192.0.2.10", "vip: 192.0.2.99"));

        assertEquals(422, answer.status());
        assertEquals(
                "the data plane refused it, nothing was changed: VIP 192.0.2.99 is an address of"
                        + " eth0",
                answer.body().string("detail"));
        assertEquals(1, status().object("config").number("revision", 0));
        assertEquals("192.0.2.10", instance.get("/v1/services/web").body().string("vip"));
        awaitInSync();
    }

    @Test
    void shouldRefuseAChangeComputedOnAnOlderRevision() throws Exception {
        startInSync();
        apply(Instance.CONFIG.replace("weight: 1", "weight: 2") + "# changed\n");

        final Answer answer =
                instance.send(
                        "POST", "/v1/config:apply?name=next.yaml&revision=1", Instance.CONFIG);

        assertEquals(409, answer.status());
        assertEquals(
                "the running configuration is revision 2 by now, not 1",
                answer.body().string("detail"));
        assertEquals(
                "look at the difference again: naru diff next.yaml", answer.body().string("hint"));
    }

    @Test
    void shouldGoOnWithWhatWasAppliedAfterARestart() throws Exception {
        startInSync();
        apply(Instance.CONFIG.replace("vip: 192.0.2.10", "vip: 192.0.2.11"));
        instance.close();

        instance = new Instance(directory, check).start();

        assertEquals("192.0.2.11", instance.get("/v1/services/web").body().string("vip"));
        assertEquals(2, status().object("config").number("revision", 0));
        assertTrue(
                status().strings("notes")
                        .contains(
                                "the running configuration is next.yaml, not the file that the"
                                        + " control plane was started with"),
                status().toString());
    }

    @Test
    void shouldPreferAFileThatWasEditedSince() throws Exception {
        startInSync();
        apply(Instance.CONFIG.replace("vip: 192.0.2.10", "vip: 192.0.2.11"));
        instance.close();
        Files.writeString(
                instance.configFile(),
                Instance.CONFIG.replace("vip: 192.0.2.10", "vip: 192.0.2.12"));

        instance = new Instance(directory, check).start();

        assertEquals("192.0.2.12", instance.get("/v1/services/web").body().string("vip"));
        assertEquals(3, status().object("config").number("revision", 0));
    }

    @Test
    void shouldReadTheFileAgainOnSighup() throws Exception {
        startInSync();
        Files.writeString(
                instance.configFile(),
                Instance.CONFIG.replace("vip: 192.0.2.10", "vip: 192.0.2.12"));

        instance.controlPlane().reload();
        instance.awaitEvent("naru.yaml: applied as revision 2");
        Files.writeString(instance.configFile(), "servces: []\n");
        instance.controlPlane().reload();

        instance.awaitEvent("not applied on SIGHUP, it has errors:");
        assertEquals("192.0.2.12", instance.get("/v1/services/web").body().string("vip"));
    }

    // -- the instance -----------------------------------------------------------------------------

    @Test
    void shouldRefuseABadFileAtStart() throws Exception {
        Files.writeString(instance.configFile(), "interfaces: [eth0]\nservices: 7\n");

        final ConfigException e = assertThrows(ConfigException.class, instance::start);

        assertTrue(e.getMessage().contains("naru.yaml:2:11: error"), e.getMessage());
    }

    @Test
    void shouldEndWithTheExitCodesThatSystemdKnows() throws Exception {
        final String runDirectory = instance.runDirectory().toString();
        Files.writeString(instance.configFile(), "services: 7\n");

        assertEquals(78, ControlPlane.run(List.of()), "which configuration?");
        assertEquals(78, ControlPlane.run(List.of("--config", "x")), "unknown option");
        assertEquals(
                78, ControlPlane.run(List.of("-c", "/nonexistent", "--run-dir", runDirectory)));
        assertEquals(
                78,
                ControlPlane.run(
                        List.of(
                                "-c",
                                instance.configFile().toString(),
                                "--run-dir",
                                runDirectory)));
        assertEquals(
                1,
                ControlPlane.run(
                        List.of(
                                "-c",
                                instance.configFile().toString(),
                                "--run-dir",
                                instance.configFile().toString())),
                "the run directory is a file");
    }

    @Test
    void shouldRefuseARunDirectoryInUse() throws Exception {
        instance.start();
        final Instance second = new Instance(directory, check);

        final IOException e = assertThrows(IOException.class, second::start);

        assertEquals(
                "run directory "
                        + instance.runDirectory()
                        + " is in use: another control plane runs there; stop it, or choose another"
                        + " one with --run-dir",
                e.getMessage());
        assertEquals(200, instance.get("/v1/status").status(), "the first one goes on");
    }

    @Test
    void shouldReplaceTheSocketOfADeadProcessAndRefuseALiveOne() throws Exception {
        final Path socket = instance.runDirectory().resolve("naru.sock");
        try (ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            other.bind(UnixDomainSocketAddress.of(socket));
            final IOException e = assertThrows(IOException.class, instance::start);
            assertTrue(e.getMessage().contains("naru.sock is in use"), e.getMessage());
        }

        instance = new Instance(directory, check).start();

        assertEquals(200, instance.get("/v1/status").status());
        assertEquals(
                "rw-rw----", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)));
    }

    @Test
    void shouldStartInSpiteOfADamagedStateFile() throws Exception {
        Files.writeString(instance.runDirectory().resolve("control.json"), "{\"apiVersion\":");

        instance.start();

        instance.awaitEvent("overrides and the configuration applied last are lost");
    }

    private void startInSync() throws Exception {
        check.pass(8_001);
        check.pass(8_002);
        dataPlane = new FakeDataPlane(instance.runDirectory());
        instance.start();
        awaitBackend("web/s1", "up 100");
        awaitBackend("web/s2", "up 100");
        awaitInSync();
    }

    private Answer apply(final String text) throws IOException {
        return instance.send("POST", "/v1/config:apply?name=next.yaml", text);
    }

    private void awaitBackend(final String name, final String expected) {
        Await.until(
                () -> expected.equals(dataPlane.backend(name)),
                () -> name + " " + expected + ", it is " + dataPlane.backend(name));
    }

    private void awaitInSync() {
        Await.until(() -> status().object("dataPlane").flag("isInSync"), () -> status().toString());
    }

    private boolean isOk() {
        return status().flag("isOk");
    }

    private JsonObject status() {
        try {
            return instance.get("/v1/status").body();
        } catch (final IOException e) {
            throw new AssertionError(e);
        }
    }
}
