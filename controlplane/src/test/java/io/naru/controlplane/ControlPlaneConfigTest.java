package io.naru.controlplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.controlplane.HttpClient.Answer;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How a configuration becomes the running one, or does not. */
class ControlPlaneConfigTest extends ControlPlaneFixture {
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
}
