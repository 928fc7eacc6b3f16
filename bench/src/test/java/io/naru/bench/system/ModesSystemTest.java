package io.naru.bench.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.naru.bench.topology.Command;
import io.naru.bench.topology.Curl;
import io.naru.bench.topology.Namespace;
import io.naru.bench.topology.Site;
import io.naru.bench.topology.Topology;
import io.naru.bench.topology.Variant;
import io.naru.bench.topology.WebServer;
import io.naru.controlplane.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.function.Executable;

/**
 * Every mode that a topology has, in both families, all served by one box at once, with real
 * programs at both ends; and at the end, every frame that the box sent is looked at.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
abstract class ModesSystemTest {
    private static final int CONNECTIONS = 1_000;
    private static final int EXPLAINED = 4;
    private static final int FIRST_EXPLAINED_PORT = 20_000; // below those that the kernel takes
    private static final int TRANSFER_SECONDS = 8;
    private static final int DATAGRAMS = 100;
    private static final int DATAGRAM_RUNS = 3;
    private static final int SMALL_BYTES = 512;
    private static final int LARGE_BYTES = 9_000;
    private static final int HAIRPIN_REQUESTS = 12;
    private static final int SERVED_SECONDS = 20;

    /** Behind it only what would fill the captures with nothing of interest. */
    private static final int LAST = Integer.MAX_VALUE - 1;

    private static final String FAULTS =
            "loss=0.5 delay=4 jitter=2 reorder=0.5 duplicate=0.5 seed=20261121";

    private final String prefix;
    private final Topology topology;
    private final List<Capture> captures = new ArrayList<>();
    private final Set<Case> served = new HashSet<>();
    private ExecutorService together;
    private int nextPort = FIRST_EXPLAINED_PORT;
    protected SystemUnderTest system;

    ModesSystemTest(final String prefix, final Topology topology) {
        this.prefix = prefix;
        this.topology = topology;
    }

    /** Starts to capture whatever the box sends, at the devices that receive it. */
    abstract List<Capture> captureWhatIsSent(Site site, Path directory);

    /** Makes of the site what the test is about, before anything runs in it. */
    void change(final Site site) {}

    @BeforeAll
    void start() {
        SystemUnderTest.assumePossible(
                "nginx", "curl", "ethtool", "tcpdump", "tshark", "iperf3", "nstat", "tc", "clang",
                "gcc");
        system = SystemUnderTest.everything(prefix, topology, this::change);
        Iperf.startServers(system.site);
        captures.addAll(captureWhatIsSent(system.site, system.network.directory()));
        together = Executors.newFixedThreadPool(4);
        awaitServed();
    }

    /** Asks until each case answers; one that never does fails at once in every test. */
    private void awaitServed() {
        final long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SERVED_SECONDS);
        while (served.size() < Case.of(topology).size() && System.nanoTime() < deadline) {
            for (final Case each : Case.of(topology)) {
                if (!served.contains(each)
                        && Curl.get(client(), url(each), 1, 1).stream().allMatch(Curl.Reply::ok)) {
                    served.add(each);
                }
            }
        }
    }

    @AfterAll
    void stop() {
        if (together != null) {
            together.shutdownNow();
        }

        if (system != null) {
            system.close();
        }
    }

    @TestFactory
    Stream<DynamicTest> shouldServeAThousandConnectionsSpreadEvenly() {
        return together(
                each -> true,
                each -> {
                    final List<Curl.Reply> replies = Curl.get(client(), url(each), CONNECTIONS, 3);

                    assertEquals(
                            CONNECTIONS,
                            replies.stream().filter(Curl.Reply::ok).count(),
                            system::evidence);
                    final Map<String, Integer> shares = SystemUnderTest.byBackend(replies);
                    assertEquals(3, shares.size(), system::evidence);
                    // In turn: by worker, and connections of one client reach more than one.
                    shares.values()
                            .forEach(
                                    share ->
                                            assertTrue(
                                                    Math.abs(share - CONNECTIONS / 3) < 10,
                                                    shares::toString));
                });
    }

    @TestFactory
    Stream<DynamicTest> shouldServeByTheBackendThatExplainNames() {
        return oneByOne(
                each -> true,
                each -> {
                    for (int i = 0; i < EXPLAINED; i++) {
                        final int port = nextPort++;
                        final JsonObject answer =
                                Explain.syn(
                                        system,
                                        each.family(),
                                        Site.clientAddress(each.family()),
                                        port,
                                        Site.vip(each.variant(), each.family()),
                                        each.variant().webPort());
                        assertTrue(answer.flag("isSent"), answer::toString);
                        assertEquals(each.variant().mode(), answer.string("mode"));

                        final Curl.Reply reply =
                                Curl.getFrom(client(), port, url(each), 1, 3).get(0);
                        assertTrue(reply.ok(), () -> reply + system.evidence());
                        assertEquals(
                                Explain.server(answer),
                                reply.backend(),
                                () -> answer + system.evidence());
                    }
                });
    }

    @TestFactory
    Stream<DynamicTest> shouldShowTheServersTheClientUnlessItIsFullNat() {
        return oneByOne(
                each -> true,
                each -> {
                    final String body = client().run("curl", "-sS", "--max-time", "5", url(each));

                    final String seen =
                            each.variant().showsTheClient()
                                    ? Site.clientAddress(each.family())
                                    : Site.localAddress(each.family());
                    assertTrue(body.startsWith("hello " + seen + ","), body);
                });
    }

    @TestFactory
    Stream<DynamicTest> shouldCarryALargeBodyEachWayByteForByte() {
        return oneByOne(
                each -> true,
                each -> {
                    forgetPathMtus();

                    assertTransfers(each, url(each), Site.clientAddress(each.family()));
                });
    }

    @TestFactory
    Stream<DynamicTest> shouldCarryALargeBodyToAndFromAClientBehindASmallerMtu() {
        return oneByOne(
                each -> true,
                each -> {
                    forgetPathMtus();

                    assertTransfers(each, url(each), Site.narrowClientAddress(each.family()));
                });
    }

    @TestFactory
    Stream<DynamicTest> shouldCarryALargeBodyToAndFromAServerBehindASmallerMtu() {
        return oneByOne(
                each -> each.variant() != Variant.DSR_L2 && topology != Topology.BRIDGE,
                each -> {
                    forgetPathMtus();

                    assertTransfers(
                            each,
                            system.site.url(
                                    each.variant(), each.family(), each.variant().farPort()),
                            Site.clientAddress(each.family()));
                });
    }

    @TestFactory
    Stream<DynamicTest> shouldCarryDatagramsEachWay() {
        return together(each -> true, each -> assertDatagrams(each, SMALL_BYTES));
    }

    @TestFactory
    Stream<DynamicTest> shouldCarryDatagramsInFragmentsEachWay() {
        return together(each -> true, each -> assertDatagrams(each, LARGE_BYTES));
    }

    @TestFactory
    Stream<DynamicTest> shouldAnswerABackendThatCallsItsOwnVip() {
        return oneByOne(
                each -> !each.variant().isDirectReturn(),
                each -> assertHairpin(each, system.site.servers().get(0).host()));
    }

    @TestFactory
    Stream<DynamicTest> shouldAnswerAClientOnTheBackendsSegment() {
        return oneByOne(
                each -> !each.variant().isDirectReturn(),
                each -> assertHairpin(each, system.site.router()));
    }

    private void assertHairpin(final Case each, final Namespace caller) {
        final List<Curl.Reply> replies = Curl.get(caller, url(each), HAIRPIN_REQUESTS, 3);

        assertEquals(
                HAIRPIN_REQUESTS,
                replies.stream().filter(Curl.Reply::ok).count(),
                () -> replies + system.evidence());
        assertEquals(3, SystemUnderTest.byBackend(replies).size(), replies::toString);
    }

    @TestFactory
    Stream<DynamicTest> shouldCompleteTransfersOverABadWire() throws Exception {
        final List<DynamicTest> tests = new ArrayList<>();
        try (BadWire wire = BadWire.putInto(system.site, FAULTS)) {
            tests.addAll(
                    together(
                                    each -> true,
                                    each ->
                                            assertTransfers(
                                                    each,
                                                    url(each),
                                                    Site.clientAddress(each.family())))
                            .toList());
            awaitAll();
            final BadWire.Deeds deeds = wire.takeOut();
            tests.add(
                    dynamicTest(
                            "the wire did its worst",
                            () ->
                                    assertTrue(
                                            deeds.lost() > 10
                                                    && deeds.reordered() > 10
                                                    && deeds.duplicated() > 10,
                                            deeds::toString)));
        }

        return tests.stream();
    }

    @Test
    @Order(LAST)
    void shouldHaveSentNoWrongChecksum() throws Exception {
        for (final Capture capture : captures) {
            capture.stop();
            assertTrue(capture.count("tcp") > 100, capture::toString);
            assertEquals(List.of(), capture.badChecksums(), capture::toString);
        }
    }

    private void assertTransfers(final Case each, final String url, final String source)
            throws IOException {
        final Path directory = system.network.directory();
        final String name = "body-%s".formatted(each.toString().replace(' ', '-'));
        final Path target = directory.resolve(name);
        final Path body = system.site.servers().get(0).bigFile();

        curl("down", source, "-o", target.toString(), url + "big");
        assertEquals(-1L, Files.mismatch(body, target), "what was fetched differs");

        final String backend =
                curl("up", source, "-o", "/dev/null", "-T", body.toString(), url + "put/" + name);
        assertEquals(
                -1L, Files.mismatch(body, server(backend).received(name)), "what was sent differs");
        Files.delete(target);
    }

    /** The name of the backend that answered. */
    private String curl(final String what, final String source, final String... options) {
        final List<String> command =
                new ArrayList<>(
                        List.of(
                                "curl",
                                "-sSf",
                                "--interface",
                                source,
                                "--max-time",
                                String.valueOf(TRANSFER_SECONDS),
                                "-w",
                                "%header{x-backend}"));
        command.addAll(List.of(options));
        final Command.Result result = client().attempt(command.toArray(String[]::new));
        assertEquals(
                0,
                result.exitCode(),
                () -> "%s: %s%n%s".formatted(what, result.output(), system.evidence()));
        return result.output().strip();
    }

    private WebServer server(final String name) {
        return Stream.concat(system.site.servers().stream(), Stream.of(system.site.far()))
                .filter(server -> server.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no server is called '" + name + "'"));
    }

    private void assertDatagrams(final Case each, final int sizeBytes) {
        assertAllArrive(each, sizeBytes);
        assertAllArrive(each, sizeBytes, "-R");
    }

    /**
     * All of them, in one of a few runs, but for those that came and found their socket's queue
     * full: on a busy machine the program that reads it is late. On the way back the client is done
     * when it has its hundred, and takes those for lost that were overtaken by then: datagrams in
     * fragments go by way of different workers.
     */
    private void assertAllArrive(final Case each, final int sizeBytes, final String... options) {
        final Namespace receiver =
                options.length == 0 ? system.site.servers().get(0).host() : client();
        final List<String> scores = new ArrayList<>();
        while (scores.size() < DATAGRAM_RUNS) {
            final long before = datagramsWithoutRoom(receiver);
            final Iperf.Score score =
                    Iperf.datagrams(
                            client(), each.variant(), each.family(), DATAGRAMS, sizeBytes, options);
            final long withoutRoom = datagramsWithoutRoom(receiver) - before;
            if (score.sent() > 0 && score.lost() <= withoutRoom) {
                return;
            }

            scores.add("%s, %d without room".formatted(score, withoutRoom));
        }

        throw new AssertionError(scores + system.evidence());
    }

    private static long datagramsWithoutRoom(final Namespace host) {
        return host.run("nstat", "-asz", "UdpRcvbufErrors", "Udp6RcvbufErrors")
                .lines()
                .filter(line -> line.startsWith("Udp"))
                .mapToLong(line -> Long.parseLong(line.split("\\s+")[1]))
                .sum();
    }

    /** So that the next transfer starts with packets of the interface's MTU. */
    private void forgetPathMtus() {
        for (final Namespace host :
                List.of(
                        client(),
                        system.site.far().host(),
                        system.site.servers().get(0).host(),
                        system.site.servers().get(1).host(),
                        system.site.servers().get(2).host())) {
            host.ip("route flush cache\n");
            host.ip6("route flush cache\n");
        }
    }

    protected Namespace client() {
        return system.site.client();
    }

    protected String url(final Case each) {
        return system.site.url(each.variant(), each.family());
    }

    private void run(final Case each, final CaseTest test) throws Exception {
        assertTrue(served.contains(each), () -> "it was never served" + system.evidence());
        test.run(each);
    }

    private Stream<DynamicTest> oneByOne(final Predicate<Case> filter, final CaseTest test) {
        return Case.of(topology).stream()
                .filter(filter)
                .map(each -> dynamicTest(each.toString(), () -> run(each, test)));
    }

    private final Map<Case, Future<?>> underWay = new LinkedHashMap<>();

    /** Runs the test of every case at the same time, a few at once, and reports each. */
    private Stream<DynamicTest> together(final Predicate<Case> filter, final CaseTest test) {
        final Map<Case, Future<?>> results = new LinkedHashMap<>();
        Case.of(topology).stream()
                .filter(filter)
                .forEach(
                        each ->
                                results.put(
                                        each,
                                        together.submit(
                                                () -> {
                                                    run(each, test);
                                                    return null;
                                                })));
        underWay.clear();
        underWay.putAll(results);
        return results.entrySet().stream()
                .map(result -> dynamicTest(result.getKey().toString(), outcome(result.getValue())));
    }

    private void awaitAll() throws InterruptedException {
        for (final Future<?> result : underWay.values()) {
            try {
                result.get();
            } catch (final ExecutionException ignored) {
                // The case's own test reports it.
            }
        }
    }

    private static Executable outcome(final Future<?> result) {
        return () -> {
            try {
                result.get();
            } catch (final ExecutionException ex) {
                throw ex.getCause();
            }
        };
    }

    /** What is asked of one case. */
    @FunctionalInterface
    private interface CaseTest {
        void run(Case each) throws Exception;
    }
}
