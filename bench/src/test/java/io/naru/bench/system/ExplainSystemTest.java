package io.naru.bench.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.bench.topology.Command;
import io.naru.bench.topology.Curl;
import io.naru.bench.topology.Family;
import io.naru.bench.topology.Site;
import io.naru.bench.topology.Topology;
import io.naru.controlplane.json.Json;
import io.naru.controlplane.json.JsonObject;
import io.naru.dataplane.protocol.CncFile;
import io.naru.dataplane.protocol.DropStats;
import io.naru.dataplane.protocol.Stats;
import io.naru.dataplane.protocol.StatsReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * {@code naru explain} of a box that serves: what it says of a client's address and port is what
 * then happens to a connection from there. That it does in every mode is asked by {@link
 * ModesSystemTest}.
 */
class ExplainSystemTest {
    private static final int CURL_REFUSED = 7;
    private static final int CURL_TIMEOUT = 28;
    private static final int PLAIN = 80;
    private static final int HASHED = 81;
    private static final int STICKY = 82;
    private static final int LIMITED = 83;
    private static final int NOBODYS = 99;
    private static final int MAX_FLOWS = 2;
    private static final int QUESTIONS = 334;

    private static SystemUnderTest system;

    /** Each connection from one that no other has had, below those that the kernel takes. */
    private static int nextPort = 20_000;

    @BeforeAll
    static void start() {
        SystemUnderTest.assumePossible("nginx", "curl", "ethtool");
        system =
                SystemUnderTest.custom(
                        "naru-expl", Topology.ROUTED, ExplainSystemTest::configuration);
        for (final Family family : Family.values()) {
            Await.until(
                    "all three servers answer",
                    () ->
                            SystemUnderTest.byBackend(
                                                    Curl.get(
                                                            system.site.client(),
                                                            url(family, PLAIN),
                                                            6,
                                                            1))
                                            .size()
                                    == 3,
                    system::evidence);
        }
    }

    @AfterAll
    static void stop() {
        if (system != null) {
            system.close();
        }
    }

    private static String configuration(final Site site) {
        final StringBuilder services = new StringBuilder();
        final StringBuilder pools = new StringBuilder();
        for (final Family family : Family.values()) {
            services.append(
                    """
                      - { name: plain%1$s, vip: "%2$s", port: %3$d, pool: web%1$s }
                      - { name: hashed%1$s, vip: "%2$s", port: %4$d, algorithm: maglev, pool: web%1$s }
                      - { name: sticky%1$s, vip: "%2$s", port: %5$d, pool: web%1$s, persistence: 5m }
                      - { name: limited%1$s, vip: "%2$s", port: %6$d, pool: web%1$s, max-flows: %7$d, at-limit: reset }
                    """
                            .formatted(
                                    suffix(family),
                                    Site.vip(family),
                                    PLAIN,
                                    HASHED,
                                    STICKY,
                                    LIMITED,
                                    MAX_FLOWS));
            pools.append(
                    """
                      - name: web%s
                        check: { type: tcp, interval: 300ms, timeout: 200ms, rise: 2, fall: 2 }
                        backends:
                    """
                            .formatted(suffix(family)));
            for (int i = 1; i <= site.servers().size(); i++) {
                pools.append(
                        "      - { name: s%d, address: \"%s\", port: 8080 }%n"
                                .formatted(i, Site.serverAddress(family, i)));
            }
        }

        return "topology: routed%ninterfaces: %s%nservices:%n%spools:%n%s"
                .formatted(site.interfaces(), services, pools);
    }

    private static String suffix(final Family family) {
        return family.of("-4", "-6");
    }

    @ParameterizedTest
    @EnumSource
    void shouldSayWhereAConnectionThenGoesAndFindItWhileItIsOpen(final Family family)
            throws Exception {
        final int port = nextPort++;
        final String client = endpoint(family, Site.clientAddress(family), port);
        final String vip = endpoint(family, Site.vip(family), HASHED);

        final Command.Result before = system.balancer.naru("explain", "tcp", client, vip);
        assertEquals(0, before.exitCode(), before.output());
        assertTrue(
                before.output()
                        .startsWith("packet      a SYN from " + client + " to tcp " + vip + "\n"),
                before.output());
        assertTrue(before.output().contains("\nflow        none; "), before.output());
        final Matcher choice =
                Pattern.compile("\nscheduler +maglev: slot \\d+ of 65537 leads to (\\S+),")
                        .matcher(before.output());
        assertTrue(choice.find(), before.output());
        final String backend = choice.group(1);
        assertTrue(before.output().endsWith("so          it goes to " + backend + "\n"));

        final Process download = download(family, port, HASHED);
        final String server = backend.substring(backend.indexOf('/') + 1);
        final long bytes = bytes(family, server);
        Await.until(
                server + " sends the file",
                () -> bytes(family, server) > bytes + 20_000,
                () -> before.output() + system.evidence());
        final Command.Result open = system.balancer.naru("explain", "tcp", client, vip);
        assertEquals(0, open.exitCode(), open.output());
        assertTrue(
                open.output().contains("\nflow        established with " + backend + ", "),
                open.output());
        assertFalse(open.output().contains("\nscheduler"), open.output());
        assertTrue(open.output().endsWith("so          it goes to " + backend + "\n"));

        download.destroy();
        download.waitFor();
        Await.until(
                "the flow is not established any more",
                () ->
                        !"established"
                                .equals(syn(family, port, HASHED).object("flow").string("state")),
                () -> syn(family, port, HASHED) + system.evidence());
        final String again = Explain.server(syn(family, port, HASHED));
        assertEquals(again, from(family, port, HASHED, 1).get(0).backend(), "after the first one");
    }

    @Test
    void shouldGiveProgramsTheSame() {
        final int port = nextPort++;
        final Command.Result result =
                system.balancer.naru(
                        "explain",
                        "-o",
                        "json",
                        "tcp",
                        endpoint(Family.IPV4, Site.clientAddress(Family.IPV4), port),
                        endpoint(Family.IPV4, Site.vip(Family.IPV4), PLAIN));

        assertEquals(0, result.exitCode(), result.output());
        final JsonObject json = Json.parseObject(result.output());
        assertEquals("naru/v1", json.string("apiVersion"));
        assertEquals("Explanation", json.string("kind"));
        assertTrue(json.flag("isSent"), json::toString);
        assertEquals("plain-4", json.string("service"));
        assertFalse(json.object("flow").flag("isFound"), json::toString);
        assertEquals("rr", json.object("scheduler").string("algorithm"));
        assertEquals(3, json.object("scheduler").objects("candidates").size());
        assertTrue(json.object("nextHop").flag("isResolved"), json::toString);
        assertEquals(
                Explain.server(json),
                from(Family.IPV4, port, PLAIN, 1).get(0).backend(),
                json::toString);
    }

    @ParameterizedTest
    @EnumSource
    void shouldSayWhichBackendAClientHas(final Family family) {
        final JsonObject stranger = syn(family, nextPort++, STICKY);
        assertFalse(stranger.has("rememberedBackend"), stranger::toString);

        final String server = from(family, nextPort++, STICKY, 1).get(0).backend();
        assertEquals(Explain.server(stranger), server, stranger::toString);
        final int port = nextPort;
        nextPort += 3;
        for (int i = 0; i < 3; i++) {
            final JsonObject known = syn(family, port + i, STICKY);
            assertEquals("web" + suffix(family) + "/" + server, known.string("rememberedBackend"));
            assertEquals(server, Explain.server(known), known::toString);
        }
        from(family, port, STICKY, 3)
                .forEach(reply -> assertEquals(server, reply.backend(), system::evidence));

        final JsonObject other =
                Explain.syn(
                        system,
                        family,
                        Site.narrowClientAddress(family),
                        nextPort,
                        Site.vip(family),
                        STICKY);
        assertFalse(other.has("rememberedBackend"), other::toString);
    }

    @ParameterizedTest
    @EnumSource
    void shouldSayThatAServiceIsAtItsLimit(final Family family) {
        final List<Process> downloads = new ArrayList<>();
        try {
            for (int i = 0; i < MAX_FLOWS; i++) {
                final int port = nextPort++;
                assertTrue(syn(family, port, LIMITED).flag("isSent"));
                downloads.add(download(family, port, LIMITED));
                Await.until(
                        "the flow is there",
                        () -> syn(family, port, LIMITED).object("flow").flag("isFound"),
                        system::evidence);
            }

            final int port = nextPort++;
            final JsonObject answer = syn(family, port, LIMITED);
            assertFalse(answer.flag("isSent"), answer::toString);
            assertEquals("over-limit", answer.string("dropReason"));
            assertEquals(
                    CURL_REFUSED,
                    from(family, port, LIMITED, 1).get(0).exitCode(),
                    "at-limit: reset");
        } finally {
            downloads.forEach(Process::destroy);
        }
    }

    @Test
    void shouldSayThatNobodyServesIt() {
        final String client = endpoint(Family.IPV4, Site.clientAddress(Family.IPV4), nextPort++);

        final Command.Result noVip =
                system.balancer.naru(
                        "explain", "tcp", client, Site.balancerAddress(Family.IPV4) + ":80");
        assertEquals(1, noVip.exitCode(), noVip.output());
        assertTrue(
                noVip.output().contains("so          it is dropped: not-ours. "), noVip.output());
        assertTrue(noVip.output().contains("are left to the kernel"), noVip.output());

        final Command.Result noService =
                system.balancer.naru(
                        "explain",
                        "tcp",
                        client,
                        endpoint(Family.IPV4, Site.vip(Family.IPV4), NOBODYS));
        assertEquals(1, noService.exitCode(), noService.output());
        assertTrue(
                noService.output().contains("so          it is dropped: no-service. "),
                noService.output());
        assertTrue(noService.output().contains("plain-4 (tcp 80)"), noService.output());

        final long before = counters().drops().getOrDefault("no-service", 0L);
        final Curl.Reply reply =
                Curl.get(system.site.client(), url(Family.IPV4, NOBODYS), 1, 1).get(0);
        assertEquals(CURL_TIMEOUT, reply.exitCode());
        assertTrue(counters().drops().get("no-service") > before, system::evidence);
    }

    /** A thousand questions, and the next in turn is still the next, and no counter has moved. */
    @ParameterizedTest
    @EnumSource
    void shouldDisturbNothing(final Family family) throws Exception {
        final int port = nextPort;
        nextPort += 6;
        final String next = Explain.server(syn(family, port, PLAIN));
        final Counters before = countersAtRest();

        askAThousandTimes(family);

        assertEquals(before, counters());
        final List<String> order =
                from(family, port, PLAIN, 6).stream().map(Curl.Reply::backend).toList();
        assertEquals(next, order.get(0), order::toString);
        assertEquals(order.subList(0, 3), order.subList(3, 6), "in turn, as always");
        final JsonObject stranger =
                Explain.syn(
                        system,
                        family,
                        Site.narrowClientAddress(family),
                        nextPort,
                        Site.vip(family),
                        STICKY);
        assertFalse(stranger.has("rememberedBackend"), stranger::toString);
    }

    /** Of three services at the same time, which is as many questions as there may be. */
    private static void askAThousandTimes(final Family family) throws Exception {
        final ExecutorService together = Executors.newCachedThreadPool();
        try {
            final List<Future<List<JsonObject>>> answers = new ArrayList<>();
            for (final int service : new int[] {PLAIN, STICKY, LIMITED}) {
                answers.add(
                        together.submit(
                                () ->
                                        Explain.syns(
                                                system,
                                                family,
                                                Site.narrowClientAddress(family),
                                                nextPort,
                                                QUESTIONS,
                                                Site.vip(family),
                                                service)));
            }
            for (final Future<List<JsonObject>> each : answers) {
                each.get().forEach(answer -> assertTrue(answer.has("service"), answer::toString));
            }
        } finally {
            together.shutdownNow();
        }
    }

    // -- the scene --------------------------------------------------------------------------------

    private record Counters(
            Map<String, Long> drops, Map<String, Stats> services, Map<String, Stats> backends) {}

    private static Counters counters() {
        try (CncFile cnc = CncFile.map(system.balancer.runDirectory())) {
            final StatsReader reader = new StatsReader(cnc);
            return new Counters(
                    reader.drops().stream()
                            .filter(drop -> drop.packets() > 0)
                            .collect(Collectors.toMap(DropStats::name, DropStats::packets)),
                    cnc.directory().services().stream()
                            .collect(
                                    Collectors.toMap(
                                            info -> info.spec().name(),
                                            info -> reader.service(info.id()))),
                    cnc.directory().backends().stream()
                            .collect(
                                    Collectors.toMap(
                                            info -> info.spec().pool() + info.spec().name(),
                                            info -> reader.backend(info.id()))));
        }
    }

    /** When nothing is under way any more. */
    private static Counters countersAtRest() {
        final AtomicReference<Counters> last = new AtomicReference<>();
        Await.until(
                "the counters stand still",
                () -> {
                    final Counters now = counters();
                    return now.equals(last.getAndSet(now));
                },
                system::evidence);
        return last.get();
    }

    private static String endpoint(final Family family, final String address, final int port) {
        return family.inUrl(address) + ":" + port;
    }

    private static String url(final Family family, final int port) {
        return "http://%s/".formatted(endpoint(family, Site.vip(family), port));
    }

    private static JsonObject syn(final Family family, final int port, final int service) {
        return Explain.syn(
                system, family, Site.clientAddress(family), port, Site.vip(family), service);
    }

    private static List<Curl.Reply> from(
            final Family family, final int firstPort, final int service, final int count) {
        return Curl.getFrom(system.site.client(), firstPort, url(family, service), count, 3);
    }

    /** A transfer that takes minutes, from that port. */
    private static Process download(final Family family, final int port, final int service) {
        return system.startSlowDownload(url(family, service), "--local-port", String.valueOf(port));
    }

    private static long bytes(final Family family, final String server) {
        return counters().backends().get("web" + suffix(family) + server).bytesToClient();
    }
}
