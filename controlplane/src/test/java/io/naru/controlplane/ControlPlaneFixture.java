package io.naru.controlplane;

import io.naru.controlplane.HttpClient.Answer;
import io.naru.controlplane.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * The whole control plane over its real socket, with a data plane that only speaks the protocol.
 */
abstract class ControlPlaneFixture {
    @TempDir Path directory;

    final ScriptedCheck check = new ScriptedCheck();
    Instance instance;
    FakeDataPlane dataPlane;

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

    void startInSync() throws Exception {
        check.pass(8_001);
        check.pass(8_002);
        dataPlane = new FakeDataPlane(instance.runDirectory());
        instance.start();
        awaitBackend("web/s1", "up 100");
        awaitBackend("web/s2", "up 100");
        awaitInSync();
    }

    Answer apply(final String text) throws IOException {
        return instance.send("POST", "/v1/config:apply?name=next.yaml", text);
    }

    void awaitBackend(final String name, final String expected) {
        Await.until(
                () -> expected.equals(dataPlane.backend(name)),
                () -> name + " " + expected + ", it is " + dataPlane.backend(name));
    }

    void awaitInSync() {
        Await.until(() -> status().object("dataPlane").flag("isInSync"), () -> status().toString());
    }

    JsonObject status() {
        try {
            return instance.get("/v1/status").body();
        } catch (final IOException e) {
            throw new AssertionError(e);
        }
    }
}
