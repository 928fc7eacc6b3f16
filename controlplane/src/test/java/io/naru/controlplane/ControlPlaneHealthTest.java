package io.naru.controlplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;

/** What checks and pool rules have the data plane do. */
class ControlPlaneHealthTest extends ControlPlaneFixture {
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
}
