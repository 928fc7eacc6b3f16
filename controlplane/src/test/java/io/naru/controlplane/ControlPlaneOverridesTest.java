package io.naru.controlplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.controlplane.HttpClient.Answer;
import io.naru.controlplane.json.JsonObject;
import io.naru.dataplane.protocol.Limits;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What operators set by hand, and how long it lasts. */
class ControlPlaneOverridesTest extends ControlPlaneFixture {
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

    /** The data plane would refuse it, and all that comes after it. */
    @Test
    void shouldRefuseAnAlgorithmForWhoseHashTableThereIsNoRoom() throws Exception {
        Files.writeString(instance.configFile(), hashServices(Limits.MAX_HASH_TABLES));
        dataPlane = new FakeDataPlane(instance.runDirectory());
        instance.start();
        awaitInSync();

        final Answer refused = setAlgorithm("web", "sh");

        assertEquals(422, refused.status(), refused.toString());
        assertEquals(
                "with sh for web the services would need 513 hash tables (sh, sh-port, dh, maglev;"
                        + " a large one of maglev counts as 10), at most 512 are possible",
                refused.body().string("detail"));
        assertEquals(List.of(), instance.get("/v1/overrides").body().objects("items"));
        assertEquals(200, setAlgorithm("web", "lc").status());
        assertEquals(200, setAlgorithm("h1", "maglev").status(), "in place of another one");

        assertEquals(200, setAlgorithm("h2", "rr").status());
        assertEquals(200, setAlgorithm("web", "sh").status(), "there is room now");
        assertEquals(422, instance.send("DELETE", "/v1/services/h2/algorithm", "").status());
        assertEquals("rr", dataPlane.algorithm("h2").label());
    }

    private Answer setAlgorithm(final String service, final String algorithm) throws IOException {
        return instance.send(
                "PUT",
                "/v1/services/" + service + "/algorithm",
                "{\"value\":\"%s\"}".formatted(algorithm));
    }

    /** The usual service, and so many with a hash table. */
    private static String hashServices(final int count) {
        final StringBuilder services = new StringBuilder();
        for (int i = 1; i <= count; i++) {
            services.append(
                    "  - { name: h%d, vip: 192.0.2.11, port: %d, algorithm: sh, pool: web }\n"
                            .formatted(i, i));
        }

        return Instance.CONFIG
                .replace("pools:", services + "pools:")
                .replace("{ type: tcp,", "{ type: tcp, port: 8001,");
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
}
