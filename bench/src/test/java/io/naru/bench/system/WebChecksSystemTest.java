package io.naru.bench.system;

import static io.naru.bench.system.HealthView.TIME;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.naru.bench.topology.Balancer;
import io.naru.bench.topology.Family;
import io.naru.bench.topology.Site;
import io.naru.bench.topology.Topology;
import io.naru.bench.topology.WebServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What nginx on s1 can do wrong by HTTP and by TLS. Three services of s1 and s2: {@code plain} is
 * checked by http, {@code tls} and {@code verified} by https, and {@code verified} verifies.
 */
class WebChecksSystemTest {
    private static final String HOST = "www.example.com";
    private static final String WELL = "return 200 'status: ok'";
    private static final int SILENT_PORT = 9000;
    private static final Map<String, Integer> PORTS =
            Map.of("plain", 80, "tls", 443, "verified", 444);

    private static SystemUnderTest system;
    private static HealthView health;
    private static Certificate authority;
    private static String goodTls;

    /**
     * What nginx serves on s1.
     *
     * @param title what is wrong with it.
     * @param host whose requests it answers.
     * @param health the directive that answers {@code /health}.
     * @param tls the directives of TLS.
     * @param events the latest event of s1 in each pool that takes notice, as an expression.
     */
    private record Fault(
            String title, String host, String health, String tls, Map<String, String> events) {
        static Fault http(final String title, final String health, final String reason) {
            return new Fault(
                    title, HOST, health, goodTls, Map.of("plain", "up -> down: " + reason));
        }

        static Fault tls(final String title, final String tls, final Map<String, String> events) {
            return new Fault(title, HOST, WELL, tls, events);
        }

        @Override
        public String toString() {
            return title;
        }
    }

    @BeforeAll
    static void start() {
        SystemUnderTest.assumePossible("nginx", "curl", "ethtool", "socat", "openssl");
        system =
                SystemUnderTest.custom(
                        "naru-web", Topology.ROUTED, WebChecksSystemTest::configuration);
        health = new HealthView(system);
        first().host()
                .start(
                        first().directory().resolve("silent.log"),
                        Map.of(),
                        List.of(
                                "socat",
                                "TCP4-LISTEN:%d,fork,reuseaddr".formatted(SILENT_PORT),
                                "EXEC:sleep 600"));
    }

    @AfterAll
    static void stop() {
        if (system != null) {
            system.close();
        }
    }

    private static String configuration(final Site site) {
        authority = Certificate.authority(site.network().directory(), "authority");
        goodTls = tls(authority.sign("good", HOST, 90));
        for (final WebServer server : site.servers().subList(0, 2)) {
            serve(server, HOST, WELL, goodTls);
        }

        return """
        topology: routed
        interfaces: %1$s
        services:
          - { name: plain, vip: %2$s, port: 80, pool: plain }
          - { name: tls, vip: %2$s, port: 443, pool: tls }
          - { name: verified, vip: %2$s, port: 444, pool: verified }
        pools:
          - name: plain
            check: { type: http, url: /health, body: 'status: ok', %3$s }
            backends: %4$s
          - name: tls
            check: { type: https, %3$s }
            backends: %5$s
          - name: verified
            check: { type: https, verify: true, ca-file: %6$s, %3$s }
            backends: %5$s
        """
                .formatted(
                        site.interfaces(),
                        Site.vip(Family.IPV4),
                        "host: %s, interval: 1s, fast-interval: 200ms, down-interval: 300ms, timeout: 1s, fall: 2, damping: false"
                                .formatted(HOST),
                        backends(8081),
                        backends(8443),
                        authority.chain());
    }

    private static String backends(final int port) {
        return "[{ name: s1, address: 10.2.0.1, port: %1$d }, { name: s2, address: 10.2.0.2, port: %1$d }]"
                .formatted(port);
    }

    private static String tls(final Certificate certificate) {
        return "listen 8443 ssl; ssl_certificate %s; ssl_certificate_key %s;"
                .formatted(certificate.chain(), certificate.key());
    }

    private static void serve(
            final WebServer server, final String host, final String answer, final String tls) {
        server.configure(
                """
                server {
                    listen 8081 default_server;
                    add_header X-Backend %1$s;
                    location = / { return 200 hello; }
                    location / { return 404; }
                }
                server {
                    listen 8081;
                    %2$s
                    server_name %3$s;
                    add_header X-Backend %1$s;
                    location = / { return 200 hello; }
                    location = /health { %4$s; }
                }
                """
                        .formatted(server.name(), tls, host, answer));
    }

    private static WebServer first() {
        return system.site.servers().get(0);
    }

    @BeforeEach
    void awaitAllUp() {
        health.awaitAllUp();
    }

    static List<Fault> faults() {
        return List.of(
                Fault.http("elsewhere", "return 302 /", "HTTP 302 after TIME, expected 200-299"),
                Fault.http(
                        "other content",
                        "return 200 'status: disk full'",
                        "HTTP 200, but no 'status: ok' in the 17 bytes of its body: 'status: disk full'"),
                Fault.http(
                        "hangs up",
                        "return 444",
                        "closed the connection after TIME without an answer"),
                Fault.http(
                        "its application is dead",
                        "proxy_pass http://127.0.0.1:9",
                        "HTTP 502 after TIME, expected 200-299"),
                Fault.http(
                        "its application is silent",
                        "proxy_pass http://127.0.0.1:" + SILENT_PORT,
                        "connected, but no answer to the request within 1 s"),
                new Fault(
                        "serves another host",
                        "www.example.org",
                        WELL,
                        goodTls,
                        Map.of("plain", "up -> down: HTTP 404 after TIME, expected 200-299")),
                Fault.tls(
                        "not TLS",
                        "listen 8443;",
                        Map.of(
                                "tls",
                                "up -> down: the answer is not TLS, after TIME",
                                "verified",
                                "up -> down: the answer is not TLS, after TIME")),
                Fault.tls(
                        "certificate of another host",
                        tls(authority.sign("other", "www.example.org", 90)),
                        Map.of("verified", "up -> down: TLS: .*www\\.example\\.com.*, after TIME")),
                Fault.tls(
                        "certificate of an unknown authority",
                        tls(Certificate.of(first().directory())),
                        Map.of("verified", "up -> down: TLS: .*certification path.*, after TIME")),
                Fault.tls(
                        "certificate ended",
                        tls(authority.sign("ended", HOST, -1)),
                        Map.of(
                                "tls",
                                "certificate ended on [\\d-]{10}",
                                "verified",
                                "up -> down: TLS: the certificate ended, NotAfter: .*, after TIME")),
                Fault.tls(
                        "certificate ends soon",
                        tls(authority.sign("ends", HOST, 5)),
                        Map.of(
                                "tls", "certificate ends on [\\d-]{10}, in 4 days",
                                "verified", "certificate ends on [\\d-]{10}, in 4 days")));
    }

    @ParameterizedTest
    @MethodSource("faults")
    void shouldTellWhatIsWrongAndTakeOutOnlyWhatIsBroken(final Fault fault) {
        serve(first(), fault.host, fault.health, fault.tls);
        try {
            final Map<String, String> wanted = new TreeMap<>();
            fault.events.forEach(
                    (pool, event) -> wanted.put(pool + "/s1", event.replace("TIME", TIME)));
            health.awaitEvents(wanted);

            PORTS.keySet()
                    .forEach(
                            pool ->
                                    awaitAnswers(
                                            pool,
                                            fault.events.getOrDefault(pool, "").contains("down")
                                                    ? Map.of("s2", 4)
                                                    : Map.of("s1", 2, "s2", 2)));
        } finally {
            serve(first(), HOST, WELL, goodTls);
        }
        health.awaitAllUp();
    }

    private static void awaitAnswers(final String pool, final Map<String, Integer> wanted) {
        RealClients.awaitAnswers(
                wanted,
                () ->
                        RealClients.ask(
                                system.site.client(),
                                Family.IPV4,
                                pool.equals("plain") ? RealServers.HTTP : RealServers.HTTPS,
                                PORTS.get(pool),
                                4),
                system::evidence);
    }

    /** Reasons are read by people and looked at by us. */
    @Test
    void shouldHearTheSystemInEnglishWhereverTheBoxStands() throws IOException {
        final Balancer balancer = system.balancer;
        balancer.controlPlane().destroy();
        balancer.controlPlane().onExit().join();
        balancer.environment("LC_ALL", "de_DE.UTF-8");
        balancer.startControlPlane();
        health.awaitAllUp();

        final String variables =
                Files.readString(
                        Path.of("/proc/%d/environ".formatted(balancer.controlPlane().pid())));

        assertEquals(
                List.of("LC_ALL=C.UTF-8"),
                Arrays.stream(variables.split("\0"))
                        .filter(variable -> variable.startsWith("LC_"))
                        .toList());
    }
}
