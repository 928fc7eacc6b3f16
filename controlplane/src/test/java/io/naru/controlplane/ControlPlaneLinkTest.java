package io.naru.controlplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.naru.controlplane.json.JsonObject;
import org.junit.jupiter.api.Test;

/** What becomes of either plane when the other one comes, goes or hangs. */
class ControlPlaneLinkTest extends ControlPlaneFixture {
    private static final int NO_SUCH_PID = Integer.MAX_VALUE;

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

    private boolean isOk() {
        return status().flag("isOk");
    }
}
