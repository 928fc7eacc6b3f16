package io.naru.controlplane.view;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.naru.controlplane.config.ConfigReader;
import io.naru.controlplane.config.ServiceConfig;
import io.naru.controlplane.json.JsonObject;
import io.naru.dataplane.protocol.AtLimit;
import io.naru.dataplane.protocol.FlowLimits;
import io.naru.dataplane.protocol.Persistence;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ServiceRulesTest {
    private static List<ServiceConfig> example() throws Exception {
        return ConfigReader.read(Path.of("../config/limits-and-persistence.yaml"))
                .orThrow()
                .services();
    }

    @Test
    void shouldShowWhatTheExampleSays() throws Exception {
        final JsonObject json = ServiceRules.put(new JsonObject(), example().get(0).options());

        assertEquals("reset", json.string("onDown"));
        assertEquals("keep", json.string("onRemove"));
        assertEquals(102_400, json.number("maxFlows", 0));
        assertEquals(10_240, json.number("maxFlowRate", 0));
        assertEquals("reset", json.string("atLimit"));
        assertEquals(600, json.object("persistence").number("timeoutSeconds", 0));
        assertEquals(64, json.object("persistence").number("prefixIpv6", 0));
        assertEquals("shop", json.object("persistence").string("group"));
    }

    @Test
    void shouldTellTheDataPlaneTheSame() throws Exception {
        final List<ServiceConfig> services = example();

        final Persistence http = services.get(0).serviceOptions().persistence();
        assertEquals(http, services.get(1).serviceOptions().persistence(), "one group");
        assertEquals(600, http.timeoutS());
        assertEquals(32, http.prefixLength4());
        assertEquals(64, http.prefixLength6());
        assertEquals(
                new FlowLimits(102_400, 10_240, AtLimit.RESET),
                services.get(0).serviceOptions().limits());
        assertEquals(FlowLimits.DEFAULT, services.get(1).serviceOptions().limits());
    }
}
