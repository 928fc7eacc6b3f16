package io.naru.bench.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.bench.topology.Curl;
import io.naru.bench.topology.Family;
import io.naru.bench.topology.SiteConfiguration;
import io.naru.bench.topology.Topology;
import io.naru.bench.topology.Variant;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** An agent on s1, as one would write it for HAProxy: what it says is what s1 gets. */
class AgentSystemTest {
    private static SystemUnderTest system;
    private static Path line;

    @BeforeAll
    static void start() throws IOException {
        SystemUnderTest.assumePossible("nginx", "curl", "ethtool", "socat");
        system =
                SystemUnderTest.custom(
                        "nt-tunnel-agt",
                        Topology.ROUTED,
                        site ->
                                SiteConfiguration.basic(site, Variant.NAT, Family.IPV4)
                                        .replace(
                                                "  - name: web\n    check:",
                                                "  - name: web\n    agent: { port: 5555, interval:"
                                                        + " 200ms }\n    check:"));
        line = system.network.directory().resolve("agent");
        say("ready");
        startAgent();
        await("up", "connected in");
    }

    private static Process startAgent() {
        return system.site
                .servers()
                .get(0)
                .host()
                .start(
                        system.network.directory().resolve("agent.log"),
                        Map.of(),
                        List.of("socat", "TCP-LISTEN:5555,reuseaddr,fork", "SYSTEM:cat " + line));
    }

    @AfterAll
    static void stop() {
        if (system != null) {
            system.close();
        }
    }

    @Test
    void shouldDoWhatTheAgentSays() throws IOException {
        say("drain");
        await("drain", "its agent says drain");
        Await.until(
                "s1 gets nothing new",
                () -> backends().equals(Set.of("s2", "s3")),
                system::evidence);

        say("ready 50%");
        await("up", "connected in");
        awaitText("weight +50\\b");
        Await.until(
                "s1 serves again",
                () -> backends().equals(Set.of("s1", "s2", "s3")),
                system::evidence);

        say("down#disk full");
        await("down", "its agent says 50%, down: disk full");
        say("up 100%");
        await("up", "connected in");
        awaitText("weight +100\\b");

        final String events = system.balancer.naru("get", "events", "-o", "wide").output();
        assertTrue(events.contains("its agent says drain (was ready)"), events);
        assertTrue(events.contains("its agent at 10.2.0.2:5555 cannot be asked"), events);
    }

    @Test
    void shouldKeepWhatASilentAgentSaidLast() throws IOException {
        say("maint");
        await("down", "its agent says maint");

        say("");
        awaitText("agent +maint, at 10.2.0.1:5555, which closed the connection and said nothing");
        await("down", "its agent says maint");

        say("ready");
        await("up", "connected in");
        assertEquals(Set.of("s1", "s2", "s3"), backends());
    }

    private static void say(final String text) throws IOException {
        Files.writeString(line, text.isEmpty() ? "" : text + "\n");
    }

    private static Set<String> backends() {
        final List<Curl.Reply> replies =
                Curl.get(
                        system.site.client(),
                        SiteConfiguration.basicUrl(Variant.NAT, Family.IPV4),
                        9,
                        1);
        return SystemUnderTest.byBackend(replies).keySet();
    }

    private static void await(final String state, final String reason) {
        awaitText("(?m)^state +" + state + " .*" + Pattern.quote(reason));
    }

    private static void awaitText(final String pattern) {
        final Pattern wanted = Pattern.compile(pattern);
        Await.until(
                "s1 is shown with " + pattern,
                () -> wanted.matcher(describe()).find(),
                () -> describe() + system.evidence());
    }

    private static String describe() {
        return system.balancer.naru("describe", "backend", "web/s1").output();
    }
}
