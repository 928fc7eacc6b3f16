package io.naru.bench.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.bench.system.OpenConnections.Answer;
import io.naru.bench.topology.Command;
import io.naru.bench.topology.Curl;
import io.naru.bench.topology.Family;
import io.naru.bench.topology.Site;
import io.naru.bench.topology.Topology;
import io.naru.controlplane.json.Json;
import io.naru.controlplane.json.JsonObject;
import io.naru.dataplane.protocol.CncFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * {@code naru apply --dry-run} while clients hold connections: what it says of them and of the hash
 * table is what then happens.
 */
class DryRunSystemTest {
    private static final int CONNECTIONS = 30;
    private static final int PATIENCE_SECONDS = 2;
    private static final int CLIENTS = 600;
    private static final int FIRST_PORT = 20_000;
    private static final double TOLERANCE = 0.05; // 600 clients are a sample

    /** In front of the port that it is served at; {@code six} has the IPv6 VIP. */
    private enum Service {
        KEEP(80, "web", "algorithm: maglev"),
        RESET(81, "web", "on-remove: reset"),
        MOVE(82, "web", "on-remove: move"),
        FULL(83, "full", "mode: full-nat"),
        SIX(84, "six", "algorithm: maglev");

        private final int port;
        private final String pool;
        private final String options;

        Service(final int port, final String pool, final String options) {
            this.port = port;
            this.pool = pool;
            this.options = options;
        }

        String title() {
            return name().toLowerCase(Locale.ROOT);
        }

        String vip() {
            return Site.vip(this == SIX ? Family.IPV6 : Family.IPV4);
        }
    }

    private static SystemUnderTest system;

    @BeforeAll
    static void start() {
        SystemUnderTest.assumePossible("nginx", "curl", "ethtool", "python3");
        system = SystemUnderTest.custom("naru-dry", Topology.ROUTED, site -> before());
        // The same ports are used twice.
        system.site.client().sysctl("net.ipv4.tcp_max_tw_buckets=0");
        for (final Service service : Service.values()) {
            Await.until(
                    "all servers of " + service.title() + " answer",
                    () -> backends(service) == (service == Service.FULL ? 2 : 3),
                    system::evidence);
        }
    }

    @AfterAll
    static void stop() {
        if (system != null) {
            system.close();
        }
    }

    private static int backends(final Service service) {
        final List<Curl.Reply> replies = Curl.get(system.site.client(), url(service), 12, 1);
        return replies.stream().allMatch(Curl.Reply::ok)
                ? SystemUnderTest.byBackend(replies).size()
                : 0;
    }

    private static String url(final Service service) {
        return "http://%s:%d/"
                .formatted(
                        service == Service.SIX ? Family.IPV6.inUrl(service.vip()) : service.vip(),
                        service.port);
    }

    // -- the file, before and after ---------------------------------------------------------------

    private static String before() {
        return configuration(
                "10.2.0.100, 10.2.0.101",
                List.of("s1, address: 10.2.0.1", "s2, address: 10.2.0.2", "s3, address: 10.2.0.3"),
                List.of("s1, address: 10.2.0.1", "s2, address: 10.2.0.2"),
                List.of(
                        "s1, address: \"2001:db8::1\"",
                        "s2, address: \"2001:db8::2\"",
                        "s3, address: \"2001:db8::3\""));
    }

    /** A server is gone, another one drains, one is down, and a local address is gone. */
    private static String after() {
        return configuration(
                "10.2.0.100",
                List.of("s1, address: 10.2.0.1", "s2, address: 10.2.0.2"),
                List.of("s1, address: 10.2.0.1", "s2, address: 10.2.0.2, state: drain"),
                List.of(
                        "s1, address: \"2001:db8::1\"",
                        "s2, address: \"2001:db8::2\", state: down"));
    }

    private static String configuration(
            final String locals,
            final List<String> web,
            final List<String> full,
            final List<String> six) {
        final StringBuilder yaml =
                new StringBuilder(
                        """
                        topology: routed
                        interfaces: [eth0, eth1]
                        local-addresses: [%s]
                        services:
                        """
                                .formatted(locals));
        for (final Service service : Service.values()) {
            yaml.append(
                    """
                      - name: %s
                        vip: "%s"
                        port: %d
                        pool: %s
                        %s
                        timeouts: { tcp-opening: 1s, tcp-closing: 1s }
                    """
                            .formatted(
                                    service.title(),
                                    service.vip(),
                                    service.port,
                                    service.pool,
                                    service.options));
        }

        yaml.append("pools:\n");
        Map.of("web", web, "full", full, "six", six)
                .forEach(
                        (pool, backends) -> {
                            yaml.append(
                                    """
                                      - name: %s
                                        check: { type: tcp, port: 8080, interval: 300ms, timeout: 200ms, rise: 2, fall: 2 }
                                        backends:
                                    """
                                            .formatted(pool));
                            backends.forEach(
                                    backend ->
                                            yaml.append(
                                                    "      - { port: 8080, name: %s }%n"
                                                            .formatted(backend)));
                        });
        return yaml.toString();
    }

    // -- the test ---------------------------------------------------------------------------------

    @Test
    void shouldHappenAsItWasSaid() throws IOException {
        final Map<Service, OpenConnections> clients = new LinkedHashMap<>();
        try {
            for (final Service service : Service.values()) {
                clients.put(service, connect(service));
            }
            final Map<Service, List<Answer>> first = ask(clients);
            first.values()
                    .forEach(
                            all ->
                                    assertTrue(
                                            all.stream().allMatch(Answer::isGood), all::toString));
            final List<Curl.Reply> clientsFirst = comeAgain();
            final Path file =
                    Files.writeString(system.network.directory().resolve("after.yaml"), after());
            Await.until(
                    "only the open connections are live",
                    () ->
                            tryOut(file).object("flows").number("now", 0)
                                    == (long) CONNECTIONS * Service.values().length,
                    () -> tryOut(file) + system.evidence());
            final String versionBefore = version();
            final JsonObject said = tryOut(file);
            final Command.Result shown =
                    system.balancer.naru("apply", "--dry-run", file.toString());

            assertEquals(0, shown.exitCode(), shown.output());
            assertTrue(shown.output().endsWith("nothing was changed\n"), shown.output());
            assertSums(said, shown.output());
            assertEquals(versionBefore, version(), "nothing was changed");
            assertEquals(first, ask(clients), "nothing was changed");

            final Command.Result applied = system.balancer.naru("apply", file.toString());
            assertEquals(0, applied.exitCode(), applied.output());
            final Map<Service, List<Answer>> then = ask(clients);
            for (final Service service : Service.values()) {
                assertFates(service, said(said, service), first.get(service), then.get(service));
            }
            assertHashTable(said(said, Service.KEEP), clientsFirst);
        } finally {
            clients.values().forEach(OpenConnections::close);
        }
    }

    private static OpenConnections connect(final Service service) {
        return new OpenConnections(
                system.site.client(),
                system.network.directory().resolve("client.txt"),
                service.vip(),
                service.port,
                CONNECTIONS,
                PATIENCE_SECONDS);
    }

    private static Map<Service, List<Answer>> ask(final Map<Service, OpenConnections> clients) {
        final Map<Service, List<Answer>> answers = new LinkedHashMap<>();
        clients.forEach((service, connections) -> answers.put(service, connections.ask()));
        return answers;
    }

    /** The same clients each time, on connections that are closed at once. */
    private static List<Curl.Reply> comeAgain() {
        final List<Curl.Reply> replies =
                Curl.getFrom(system.site.client(), FIRST_PORT, url(Service.KEEP), CLIENTS, 3);
        assertTrue(replies.stream().allMatch(Curl.Reply::ok), replies::toString);
        return replies;
    }

    private static JsonObject tryOut(final Path file) {
        return Json.parseObject(
                system.balancer.naru("apply", "--dry-run", "-o", "json", file.toString()).output());
    }

    private static JsonObject said(final JsonObject trial, final Service service) {
        return trial.objects("services").stream()
                .filter(each -> each.string("service").equals(service.title()))
                .findFirst()
                .orElseThrow(() -> new AssertionError(trial.toString()));
    }

    private static String version() {
        try (CncFile cnc = CncFile.map(system.balancer.runDirectory())) {
            return "revision %d, epoch %d, %s"
                    .formatted(
                            cnc.configRevision(), cnc.appliedEpoch(), cnc.directory().backends());
        }
    }

    private static void assertSums(final JsonObject trial, final String shown) {
        final JsonObject all = trial.object("flows");
        final String line =
                "of %d live flows %d stay, %d stay on backends that take no new ones, %d move, %d end"
                        .formatted(
                                all.number("now", -1),
                                all.number("kept", -1),
                                all.number("leaving", -1),
                                all.number("moved", -1),
                                all.number("ended", -1));
        assertTrue(shown.contains(line), () -> line + "\n" + shown);
    }

    /** Each connection, by what it was before and what became of it. */
    private static void assertFates(
            final Service service,
            final JsonObject said,
            final List<Answer> before,
            final List<Answer> then) {
        final String evidence = "%s: %s%n%s%n%s".formatted(service, said, before, then);
        final JsonObject flows = said.object("flows");
        final Predicate<Answer> isLeaving =
                switch (service) {
                    case KEEP, SIX -> answer -> answer.server().equals("s3");
                    case FULL ->
                            answer ->
                                    answer.server().equals("s2")
                                            && answer.client().equals("10.2.0.100");
                    case RESET, MOVE -> answer -> false;
                };
        final Predicate<Answer> isLost =
                switch (service) {
                    case KEEP -> answer -> false;
                    case RESET, MOVE -> answer -> answer.server().equals("s3");
                    case FULL -> answer -> answer.client().equals("10.2.0.101");
                    case SIX -> answer -> answer.server().equals("s2");
                };
        final long leaving = before.stream().filter(isLeaving).count();
        final long lost = before.stream().filter(isLost).count();
        assertEquals(CONNECTIONS - leaving - lost, flows.number("kept", -1), evidence);
        assertEquals(leaving, flows.number("leaving", -1), evidence);
        assertEquals(lost, flows.number(service == Service.MOVE ? "moved" : "ended", -1), evidence);
        assertTrue(leaving + lost > 0 && lost < CONNECTIONS, evidence);

        final String end = service == Service.FULL ? "silent" : "reset";
        for (int i = 0; i < CONNECTIONS; i++) {
            final boolean isOver = isLost.test(before.get(i));
            assertEquals(isOver ? new Answer(end, "") : before.get(i), then.get(i), evidence);
        }
    }

    private static void assertHashTable(final JsonObject said, final List<Curl.Reply> before) {
        final JsonObject table = said.object("hashTable");
        final double share = (double) table.number("changedSlots", -1) / table.number("slots", 1);
        final List<Curl.Reply> then = comeAgain();
        int moved = 0;
        for (int i = 0; i < CLIENTS; i++) {
            moved += before.get(i).backend().equals(then.get(i).backend()) ? 0 : 1;
        }

        assertEquals(share, (double) moved / CLIENTS, TOLERANCE, table::toString);
        assertTrue(share > 1.0 / 3 - TOLERANCE && share < 0.5, table::toString);
    }
}
