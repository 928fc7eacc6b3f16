package io.naru.bench.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.bench.topology.Curl;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Mode {@code dsr-l2} on one arm: the servers answer the client directly. */
class OneArmDsrSystemTest {
    private static SystemUnderTest system;

    @BeforeAll
    static void start() {
        SystemUnderTest.assumePossible("nginx", "curl", "ethtool", "tcpdump", "tshark");
        system = SystemUnderTest.oneArm("naru-dsr");
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
    void shouldDeliverTenMegabytesByteForByteWithoutSeeingTheReplies() throws Exception {
        final Capture atBalancer =
                Capture.start(
                        system.site.balancer(),
                        system.network.directory(),
                        "eth0",
                        "tcp and src host 192.0.2.20 and not dst host 10.2.0.254"); // nor checks
        final Capture atServer =
                Capture.start(
                        system.site.servers().get(0).host(),
                        system.network.directory(),
                        "eth0",
                        "ip and dst host 192.0.2.20");

        system.get(30);
        assertTrue(system.downloadIsIdentical(), system::evidence);

        assertEquals(0, atBalancer.stop().count("tcp"), "replies came through the balancer");
        assertTrue(atServer.stop().count("tcp") > 10, system::evidence);
        assertEquals(List.of(), atServer.badChecksums());
    }

    @Test
    void shouldTakeADeadBackendOutAndLetItBackIn() {
        system.site.servers().get(2).kill();
        try {
            Await.until(
                    "s3 gets nothing more",
                    () -> {
                        final List<Curl.Reply> replies = system.get(20);
                        return replies.stream().allMatch(Curl.Reply::ok)
                                && !SystemUnderTest.byBackend(replies).containsKey("s3");
                    },
                    system::evidence);
        } finally {
            system.site.servers().get(2).start();
        }

        system.awaitServing(3);
    }
}
