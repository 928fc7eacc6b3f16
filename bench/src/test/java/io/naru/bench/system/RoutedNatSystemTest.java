package io.naru.bench.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.bench.topology.Command;
import io.naru.bench.topology.Curl;
import io.naru.bench.topology.Family;
import io.naru.bench.topology.SiteConfiguration;
import io.naru.bench.topology.Variant;
import io.naru.bench.topology.WebServer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Mode {@code nat} with two arms: two processes, a real client, three real web servers. */
class RoutedNatSystemTest {
    private static SystemUnderTest system;

    @BeforeAll
    static void start() {
        SystemUnderTest.assumePossible(
                "nginx", "curl", "ethtool", "tcpdump", "tshark", "ping", "socat");
        system = SystemUnderTest.routed("naru-nat", 1);
    }

    @AfterAll
    static void stop() {
        if (system != null) {
            system.close();
        }
    }

    @Test
    void shouldServeEveryRequestAndSpreadThemEvenly() {
        final List<Curl.Reply> replies = system.get(300);

        assertEquals(300, replies.stream().filter(Curl.Reply::ok).count(), system::evidence);
        assertEquals(
                Map.of("s1", 100, "s2", 100, "s3", 100),
                SystemUnderTest.byBackend(replies),
                system::evidence);
    }

    @Test
    void shouldShowTheServersTheClientsOwnAddress() {
        final String body = system.site.client().run("curl", "-sS", system.url);

        assertTrue(body.startsWith("hello 198.51.100.2,"), body);
    }

    @Test
    void shouldDeliverTenMegabytesByteForByte() throws Exception {
        assertTrue(system.downloadIsIdentical(), system::evidence);
    }

    @Test
    void shouldSendNoWrongChecksum() throws Exception {
        final Capture atClient =
                Capture.start(system.site.client(), system.network.directory(), "eth0", "ip");
        final Capture atServer =
                Capture.start(
                        system.site.servers().get(0).host(),
                        system.network.directory(),
                        "eth0",
                        "ip");

        system.get(30);
        system.site.client().run("ping", "-c", "3", "-i", "0.2", "192.0.2.10");
        assertTrue(system.downloadIsIdentical());

        atClient.stop();
        atServer.stop();
        assertTrue(atClient.count("tcp && ip.src == 192.0.2.10") > 100, system::evidence);
        assertTrue(atServer.count("tcp && ip.src == 198.51.100.2") > 10, system::evidence);
        assertEquals(List.of(), atClient.badChecksums());
        assertEquals(List.of(), atServer.badChecksums());
    }

    @Test
    void shouldAnswerArpAndPingForTheVip() {
        system.site.client().ip("neigh flush all\n");

        system.site.client().run("ping", "-c", "3", "-i", "0.2", "-W", "2", "192.0.2.10");
    }

    @Test
    void shouldCarryUdpThroughAServiceThatIsAppliedWhileTheOthersRun() {
        for (final WebServer server : system.site.servers()) {
            server.host()
                    .start(
                            system.network.directory().resolve(server.name() + "-udp.log"),
                            Map.of(),
                            List.of("socat", "UDP4-LISTEN:7007,fork,reuseaddr", "EXEC:cat"));
        }

        system.balancer.configure(
                SiteConfiguration.basic(system.site, Variant.NAT, Family.IPV4)
                        .replace(
                                "pools:",
                                """
                                  - name: echo
                                    vip: 192.0.2.10
                                    protocol: udp
                                    port: 7
                                    algorithm: maglev
                                    backends: ["10.2.0.1:7007", "10.2.0.2:7007", "10.2.0.3:7007"]
                                pools:"""));
        final Command.Result applied =
                system.balancer.naru("apply", system.balancer.configuration().toString());

        assertEquals(0, applied.exitCode(), applied.output());
        Await.until(
                "a datagram is echoed through the VIP",
                () ->
                        system.site
                                .client()
                                .attemptWithInput(
                                        "hello\n",
                                        List.of("socat", "-t1", "-", "UDP4:192.0.2.10:7"))
                                .output()
                                .equals("hello\n"),
                system::evidence);
        assertEquals(30, system.get(30).stream().filter(Curl.Reply::ok).count());
    }

    @Test
    void shouldLeaveTrafficToTheBoxItselfAlone() {
        // What SSH is to a real box: a connection to its own address, on a port that a backend uses
        // too.
        final Process listener =
                system.balancer
                        .host()
                        .start(
                                system.network.directory().resolve("box.log"),
                                Map.of(),
                                List.of("socat", "TCP-LISTEN:8080,fork,reuseaddr", "EXEC:cat"));
        Await.until(
                "the balancer's own address echoes",
                () ->
                        system.site
                                .client()
                                .attemptWithInput(
                                        "hello\n",
                                        List.of("socat", "-t1", "-", "TCP:203.0.113.2:8080"))
                                .output()
                                .equals("hello\n"),
                system::evidence);
        system.site.client().run("ping", "-c", "2", "-i", "0.2", "-W", "2", "203.0.113.2");
        listener.destroyForcibly();
    }

    @Test
    void shouldTakeADeadBackendOutAndLetItBackIn() {
        system.site.servers().get(1).kill();
        try {
            Await.until(
                    "s2 gets nothing more",
                    () -> {
                        final List<Curl.Reply> replies = system.get(20);
                        return replies.stream().allMatch(Curl.Reply::ok)
                                && !SystemUnderTest.byBackend(replies).containsKey("s2");
                    },
                    system::evidence);

            assertEquals(
                    100, system.get(100).stream().filter(Curl.Reply::ok).count(), system::evidence);
        } finally {
            system.site.servers().get(1).start();
        }

        system.awaitServing(3);
        final Command.Result events = system.balancer.naru("get", "events");
        assertTrue(events.output().contains("refused"), events.output());
    }

    @Test
    void shouldLoseNothingWhenTheControlPlaneIsKilledUnderLoad() {
        final AtomicBoolean enough = new AtomicBoolean();
        final CompletableFuture<List<Curl.Reply>> load = load(enough);

        system.balancer.controlPlane().destroyForcibly();
        system.get(100);
        system.balancer.startControlPlane();
        Await.until(
                "the new control plane has checked every backend",
                () -> {
                    final Command.Result backends = system.balancer.naru("get", "backends");
                    return backends.exitCode() == 0
                            && backends.output().split("connected in").length == 4;
                },
                system::evidence);
        enough.set(true);

        final List<Curl.Reply> replies = load.join();
        assertTrue(replies.size() > 100, () -> "only " + replies.size() + " requests were made");
        assertEquals(
                replies.size(), replies.stream().filter(Curl.Reply::ok).count(), system::evidence);
    }

    @Test
    void shouldServeAgainAfterTheDataPlaneIsKilledUnderLoad() throws Exception {
        final AtomicBoolean enough = new AtomicBoolean();
        final CompletableFuture<List<Curl.Reply>> load = load(enough);

        system.balancer.dataPlane().destroyForcibly().waitFor();
        final String link = system.balancer.host().run("ip", "link", "show", "eth0");
        system.site.client().run("ping", "-c", "2", "-i", "0.2", "-W", "2", "203.0.113.2");
        system.balancer.startDataPlane();
        system.awaitServing(3);
        enough.set(true);
        load.join();

        assertTrue(!link.contains("xdp"), "the XDP program outlived its process: " + link);
        assertEquals(100, system.get(100).stream().filter(Curl.Reply::ok).count());
    }

    /** Requests one after another until {@code enough}; those under way when it is set are made. */
    private static CompletableFuture<List<Curl.Reply>> load(final AtomicBoolean enough) {
        return CompletableFuture.supplyAsync(
                () -> {
                    final List<Curl.Reply> replies = new ArrayList<>();
                    while (!enough.get()) {
                        replies.addAll(system.get(20));
                    }

                    return replies;
                });
    }

    @Test
    void shouldDrainABackendWithoutLosingItsFlows() throws Exception {
        final Process download =
                system.site
                        .client()
                        .start(
                                system.network.directory().resolve("slow.log"),
                                Map.of(),
                                List.of(
                                        "curl",
                                        "-sS",
                                        "--limit-rate",
                                        "5M",
                                        "-o",
                                        system.network.directory().resolve("slow").toString(),
                                        system.url + "big"));
        for (int i = 1; i <= 3; i++) {
            assertEquals(0, system.balancer.naru("drain", "web/s" + i, "-m", "test").exitCode());
            final List<Curl.Reply> replies = system.get(20);
            assertTrue(!SystemUnderTest.byBackend(replies).containsKey("s" + i), system::evidence);
            assertEquals(0, system.balancer.naru("undrain", "web/s" + i).exitCode());
        }

        assertEquals(0, download.waitFor(), system::evidence);
        assertEquals(
                -1L,
                java.nio.file.Files.mismatch(
                        system.network.directory().resolve("slow"),
                        system.site.servers().get(0).bigFile()));
    }
}
