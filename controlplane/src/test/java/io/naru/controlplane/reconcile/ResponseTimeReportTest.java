package io.naru.controlplane.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.naru.controlplane.config.ConfigReader;
import io.naru.controlplane.config.NaruConfig;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ResponseTimeReportTest {
    private final List<String> sent = new ArrayList<>();
    private final Map<BackendName, Long> durations = new HashMap<>();
    private final Overrides overrides = new Overrides(List.of());
    private boolean hasRoom = true;
    private long nowMs;

    private final ResponseTimeReport report =
            new ResponseTimeReport(
                    (backend, ns) -> {
                        if (hasRoom) {
                            sent.add(backend + " " + ns);
                        }
                        return hasRoom;
                    },
                    name -> durations.getOrDefault(name, 0L));

    @Test
    void shouldTellTheTimesOfDsrBackendsThatAreChosenByThem() {
        took("web/s1", 2_000);
        took("files/s1", 3_000);
        took("shop/s1", 4_000);

        second();

        assertEquals(List.of("web/s1 2000"), sent);
    }

    @Test
    void shouldSmoothAndPassOverWhatHardlyChanges() {
        took("web/s1", 16_000);
        second();
        took("web/s1", 16_400);
        second();
        assertEquals(List.of("web/s1 16000"), sent);

        took("web/s1", 32_100);
        second();

        assertEquals(List.of("web/s1 16000", "web/s1 20100"), sent);
    }

    @Test
    void shouldTellAgainWhatMayHaveBeenLost() {
        took("web/s1", 2_000);
        hasRoom = false;
        second();
        hasRoom = true;
        second();
        assertEquals(List.of("web/s1 2000"), sent);

        for (int i = 0; i < 10; i++) { // a data plane that was started anew knows nothing
            second();
        }
        assertEquals(List.of("web/s1 2000", "web/s1 2000"), sent);
    }

    @Test
    void shouldTellNothingBetweenTwoSeconds() {
        took("web/s1", 2_000);
        second();
        took("web/s1", 9_000);
        nowMs += ResponseTimeReport.INTERVAL_MS - 1;
        report.poll(nowMs, config(), overrides);

        assertEquals(1, sent.size());
    }

    private void took(final String backend, final long ns) {
        final String[] parts = backend.split("/", 2);
        durations.put(new BackendName(parts[0], parts[1]), ns);
    }

    private void second() {
        nowMs += ResponseTimeReport.INTERVAL_MS;
        report.poll(nowMs, config(), overrides);
    }

    private static NaruConfig config() {
        return ConfigReader.read(
                        "test.yaml",
                        """
                interfaces: [eth0, eth1]
                services:
                  - { name: web, vip: 192.0.2.10, port: 80, mode: dsr-l2, algorithm: lrt,
                      backends: [{ name: s1, address: 10.2.0.1 }, { name: s2, address: 10.2.0.2 }] }
                  - { name: files, vip: 192.0.2.11, port: 80, mode: nat, algorithm: lrt,
                      backends: [{ name: s1, address: 10.2.0.1 }] }
                  - { name: shop, vip: 192.0.2.12, port: 80, mode: dsr-l2, algorithm: lc,
                      backends: [{ name: s1, address: 10.2.0.1 }] }
                """)
                .config()
                .orElseThrow();
    }
}
