package io.naru.bench.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.bench.topology.Balancer;
import io.naru.bench.topology.Curl;
import io.naru.bench.topology.Family;
import io.naru.bench.topology.Namespace;
import io.naru.bench.topology.Site;
import io.naru.bench.topology.Topology;
import io.naru.bench.topology.WebServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The examples of {@code config/} that are about pools and their clients, each as it is, on a site
 * that has the servers which they name.
 */
class PoolExamplesSystemTest {
    private static final String WEB = "http://192.0.2.10/";
    private static final String SECURE =
            "http://192.0.2.10:443/"; // what is inside is not our business
    private static final String SHOP = "http://192.0.2.11/";
    private static final int TLS_PORT = 8443;
    private static final int REQUESTS = 12;

    @BeforeAll
    static void assumePossible() {
        SystemUnderTest.assumePossible("nginx", "curl", "ethtool");
    }

    private static String example(final String name) {
        try {
            return Files.readString(Balancer.launcher().resolveSibling("config/" + name));
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    @Test
    void shouldServeByTheSorryServerAndByBackupsAsRoutedPoolShows() {
        try (SystemUnderTest system =
                SystemUnderTest.custom(
                        "naru-pool-ex",
                        Topology.ROUTED,
                        site -> {
                            addReserve(site);
                            return example("routed-pool.yaml");
                        })) {
            final Set<String> regular = Set.of("s1", "s2", "s3");
            awaitServers(system, WEB, regular);
            awaitServers(system, SHOP, regular);

            system.site.servers().subList(0, 2).forEach(WebServer::kill);
            awaitServers(system, WEB, Set.of("reserve"));
            Await.until(
                    "one of three is up: all are tried",
                    () ->
                            system.balancer
                                    .naru("get", "events", "subject", "shop")
                                    .output()
                                    .contains("panic: 1 of 3 backends up, less than 50%"),
                    system::evidence);

            system.site.servers().get(2).kill();
            awaitServers(system, SHOP, Set.of("reserve"));

            system.site.servers().forEach(WebServer::start);
            awaitServers(system, WEB, regular);
            awaitServers(system, SHOP, regular);
        }
    }

    /** One host more, which is the sorry server and both backups. */
    private static void addReserve(final Site site) {
        site.edge().ip("route add 192.0.2.11/32 dev eth1\n");
        for (int i = 1; i <= site.servers().size(); i++) {
            site.servers().get(i - 1).host().ip("addr add 10.2.0.1%d/24 dev eth0%n".formatted(i));
        }

        final Namespace host = site.network().addDualStack("reserve");
        site.network().plug(host, "eth0", site.zwitch());
        host.ip(
                """
                addr add 10.2.0.9/24 dev eth0
                addr add 10.2.0.21/24 dev eth0
                addr add 10.2.0.22/24 dev eth0
                route add default via 10.2.0.254
                """);
        new WebServer(host, "reserve", List.of(80, 8080), site.network().directory(), 0).start();
    }

    @Test
    void shouldBringClientsToOneMachineOnBothPortsAsLimitsAndPersistenceShows() {
        final List<WebServer> secure = new ArrayList<>();
        try (SystemUnderTest system =
                SystemUnderTest.custom(
                        "naru-limit-ex",
                        Topology.ROUTED,
                        site -> {
                            secure.addAll(startSecure(site));
                            return example("limits-and-persistence.yaml");
                        })) {
            Await.until(
                    "all servers of both ports are up",
                    () ->
                            !system.balancer.naru("get", "backends").output().contains(" unknown ")
                                    && system.balancer.naru("status").exitCode() == 0,
                    system::evidence);
            final String first = awaitOneServer(system, "");
            final String others = serverOfAnotherClient(system, SECURE);
            // Without the group each port would now be at another turn.
            assertEquals(Set.of(first), servers(system, SECURE));
            assertEquals(others, serverOfAnotherClient(system, WEB));

            final int number = Integer.parseInt(first.substring(1)) - 1;
            system.site.servers().get(number).kill();
            secure.get(number).kill();
            final String second = awaitOneServer(system, first);
            assertEquals(Set.of(second), servers(system, SECURE));

            final String shown = system.balancer.naru("describe", "service", "http").output();
            assertTrue(shown.contains("degraded"), shown);
        }
    }

    private static String serverOfAnotherClient(final SystemUnderTest system, final String url) {
        return system.site
                .client()
                .run(
                        "curl",
                        "-sS",
                        "--max-time",
                        "5",
                        "--interface",
                        Site.narrowClientAddress(Family.IPV4),
                        "-o",
                        "/dev/null",
                        "-w",
                        "%header{x-backend}",
                        url)
                .strip();
    }

    private static List<WebServer> startSecure(final Site site) {
        final List<WebServer> servers = new ArrayList<>();
        for (final WebServer server : site.servers()) {
            final WebServer secure =
                    new WebServer(
                            server.host(),
                            server.name(),
                            List.of(TLS_PORT),
                            site.network().directory().resolve("secure"),
                            0);
            secure.start();
            servers.add(secure);
        }

        return servers;
    }

    /** The one that the client has on the plain port, once it is not {@code former} any more. */
    private static String awaitOneServer(final SystemUnderTest system, final String former) {
        Await.until(
                "the client has one server, other than '%s'".formatted(former),
                () -> {
                    final Set<String> now = servers(system, WEB);
                    return now.size() == 1 && !now.contains(former) && !now.contains("nobody");
                },
                system::evidence);
        return servers(system, WEB).iterator().next();
    }

    private static void awaitServers(
            final SystemUnderTest system, final String url, final Set<String> names) {
        Await.until(
                "%s is served by %s".formatted(url, names),
                () -> servers(system, url).equals(names),
                system::evidence);
    }

    private static Set<String> servers(final SystemUnderTest system, final String url) {
        final List<String> names = new ArrayList<>();
        for (final Curl.Reply reply : Curl.get(system.site.client(), url, REQUESTS, 1)) {
            names.add(reply.ok() ? reply.backend() : "nobody");
        }

        return Set.copyOf(names);
    }
}
