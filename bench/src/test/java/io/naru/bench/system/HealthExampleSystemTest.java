package io.naru.bench.system;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.naru.bench.topology.Balancer;
import io.naru.bench.topology.Curl;
import io.naru.bench.topology.Family;
import io.naru.bench.topology.Site;
import io.naru.bench.topology.Topology;
import io.naru.bench.topology.WebServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * {@code config/health-checks.yaml} as it is: s1 has the first address of each of its pools, s2 the
 * second one. Nobody serves its database.
 */
class HealthExampleSystemTest {
    private static final String GAMES_VIP = "192.0.2.11";

    /** What the checks say that pass, by backend; for the digit it has the server's number. */
    private static final Map<String, String> PASSES =
            Map.of(
                    "web/10.2.0.%d:8080", "HTTP 200 in .*",
                    "shop/10.2.0.1%d", "HTTP 200 in .*",
                    "cache/10.2.0.2%d", "answered '\\+PONG' in .*",
                    "mail/10.2.0.3%d", "answered /\\^220 / in .*",
                    "dns/10.2.0.4%d", "NOERROR with 0 records in .*",
                    "voice/10.2.0.5%d", "answered 'SIP/2\\.0' in .*",
                    "games/10.2.0.7%d", "echo in .*");

    /** The servers' ports, by those of the services. */
    private static final Map<Integer, Integer> SERVICES =
            Map.of(
                    80,
                    RealServers.HTTP,
                    443,
                    RealServers.HTTPS,
                    6379,
                    RealServers.REDIS,
                    53,
                    RealServers.DNS,
                    5060,
                    RealServers.SIP);

    private static SystemUnderTest system;
    private static RealServers s1;

    @BeforeAll
    static void start() {
        RealServers.assumePossible();
        SystemUnderTest.assumePossible("socat");
        system =
                SystemUnderTest.custom(
                        "naru-health", Topology.ROUTED, HealthExampleSystemTest::prepare);
    }

    @AfterAll
    static void stop() {
        if (system != null) {
            system.close();
        }
    }

    /** Gives the site what the example tells of. */
    private static String prepare(final Site site) {
        site.edge().ip("route add %s/32 dev eth1%n".formatted(GAMES_VIP));
        final Certificate certificate =
                Certificate.authority(site.network().directory(), "authority")
                        .sign("shop", "shop.example.com", 90);
        s1 = prepare(site, 1, certificate);
        prepare(site, 2, certificate);
        try {
            return Files.readString(
                    Balancer.launcher().resolveSibling("config/health-checks.yaml"));
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    private static RealServers prepare(
            final Site site, final int number, final Certificate certificate) {
        final WebServer web = site.servers().get(number - 1);
        final RealServers servers = new RealServers(site, web, certificate);
        for (int pool = 1; pool <= 7; pool++) {
            web.host().ip("addr add 10.2.0.%d%d/24 dev eth0%n".formatted(pool, number));
        }

        web.configure(
                """
                    server {
                        listen 8080;
                        listen 443 ssl;
                        ssl_certificate %s;
                        ssl_certificate_key %s;
                        add_header X-Backend %s;
                        location = / { return 200 hello; }
                        location = /health { return 200 'status: ok'; }
                    }
                    """
                        .formatted(certificate.chain(), certificate.key(), web.name()));
        web.host()
                .start(
                        web.directory().resolve("mail.log"),
                        Map.of(),
                        List.of("socat", "TCP4-LISTEN:25,fork", "EXEC:echo 220 ready"));
        return servers;
    }

    @Test
    void shouldServeWhatPassesItsChecks() {
        final HealthView health = new HealthView(system);
        final Map<String, String> passes = new HashMap<>();
        PASSES.forEach(
                (backend, reason) -> {
                    passes.put(backend.formatted(1), "(unknown|down) -> up: " + reason);
                    passes.put(backend.formatted(2), "(unknown|down) -> up: " + reason);
                });
        health.awaitEvents(passes);
        health.awaitEvents(
                Map.of(
                        "db/10.2.0.61", "unknown -> down: exit code [1-9].*",
                        "db/10.2.0.62", "unknown -> down: exit code [1-9].*"));
        awaitAnswers(Map.of("s1", 2, "s2", 2));
        final String games = "http://%s:8080/".formatted(GAMES_VIP);
        assertEquals(
                Map.of("s1", 2, "s2", 2),
                SystemUnderTest.byBackend(Curl.get(system.site.client(), games, 4, 3)));

        s1.kill();
        health.awaitEvents(
                Map.of(
                        "web/10.2.0.1:8080", "up -> down: connect refused after .*",
                        "shop/10.2.0.11", "up -> down: connect refused after .*",
                        "cache/10.2.0.21", "up -> down: connect refused after .*",
                        "dns/10.2.0.41", "up -> down: port unreachable after .*",
                        "voice/10.2.0.51", "up -> down: port unreachable after .*"));
        awaitAnswers(Map.of("s2", 4));
    }

    private static void awaitAnswers(final Map<String, Integer> wanted) {
        SERVICES.forEach(
                (service, server) ->
                        RealClients.awaitAnswers(
                                wanted,
                                () ->
                                        RealClients.ask(
                                                system.site.client(),
                                                Family.IPV4,
                                                server,
                                                service,
                                                4),
                                system::evidence));
    }
}
