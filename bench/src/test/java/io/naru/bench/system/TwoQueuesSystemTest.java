package io.naru.bench.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.bench.topology.Curl;
import io.naru.dataplane.protocol.CncFile;
import io.naru.dataplane.protocol.StatsReader;
import io.naru.dataplane.protocol.WorkerCounter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Two workers, two queues: replies arrive on any queue and find their flow's owner. */
class TwoQueuesSystemTest {
    private static SystemUnderTest system;

    @BeforeAll
    static void start() {
        SystemUnderTest.assumePossible("nginx", "curl", "ethtool");
        system = SystemUnderTest.routed("naru-two", 2);
    }

    @AfterAll
    static void stop() {
        if (system != null) {
            system.close();
        }
    }

    @Test
    void shouldServeClientsThatRunAtOnce() {
        final List<CompletableFuture<List<Curl.Reply>>> clients = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            clients.add(CompletableFuture.supplyAsync(() -> system.get(200)));
        }

        final List<Curl.Reply> replies = new ArrayList<>();
        clients.forEach(client -> replies.addAll(client.join()));

        assertEquals(800, replies.stream().filter(Curl.Reply::ok).count(), system::evidence);
        assertEquals(3, SystemUnderTest.byBackend(replies).size(), system::evidence);
        // The sender's stack picks the queue by its own hash, so about half of the flows arrive at
        // the worker that does not own them.
        assertTrue(handedOver() > 0, system::evidence);
    }

    private static long handedOver() {
        try (CncFile cnc = CncFile.map(system.balancer.runDirectory())) {
            return new StatsReader(cnc).counter(WorkerCounter.HANDOVERS_OUT);
        }
    }

    @Test
    void shouldDeliverTenMegabytesByteForByte() throws Exception {
        assertTrue(system.downloadIsIdentical(), system::evidence);
    }
}
