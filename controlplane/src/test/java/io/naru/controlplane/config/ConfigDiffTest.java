package io.naru.controlplane.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.controlplane.cli.output.DiffText;
import io.naru.controlplane.cli.output.Style;
import io.naru.controlplane.config.ConfigDiff.Change;
import io.naru.controlplane.config.ConfigDiff.Field;
import io.naru.controlplane.config.ConfigDiff.Kind;
import io.naru.controlplane.config.ConfigDiff.Subject;
import io.naru.controlplane.json.Json;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConfigDiffTest {
    private static final String BEFORE =
            """
            interfaces: [eth0, eth1]
            services:
              - { name: web, vip: 192.0.2.10, port: 80, pool: web }
              - { name: old, vip: 192.0.2.12, port: 80, pool: web }
            pools:
              - name: web
                backends:
                  - { name: s1, address: 10.2.0.1, port: 8080 }
                  - { name: s2, address: 10.2.0.2, port: 8080 }
            """;

    private static final String AFTER =
            """
            interfaces: [eth1, { name: eth0, queues: 2 }, eth2]
            dataplane: { frames: 8k, cpus: [2, 3] }
            pools:
              - name: web
                check: { interval: 1s, timeout: 500ms }
                backends:
                  - { name: s3, address: 10.2.0.3 , port: 8080 }
                  - { name: s1, address: 10.2.0.1, weight: 50 }
            services:
              - { name: api, vip: 192.0.2.11, port: 443, backends: [10.2.0.9:8443] }
              - { name: web, vip: 192.0.2.10, port: 80, pool: web, algorithm: maglev }
            """;

    @Test
    void shouldFindNoDifferenceWhereOnlyTheOrderAndTheSpellingDiffer() {
        final ConfigDiff diff =
                ConfigDiff.between(
                        read(BEFORE),
                        read(
                                """
                                pools:
                                  - backends:
                                      - { address: 10.2.0.2, port: 8080, name: s2, weight: 100 }
                                      - { address: 10.2.0.1, port: 8080, name: s1, state: up }
                                    name: web
                                    check: tcp
                                topology: routed
                                services:
                                  - { name: old, vip: 192.0.2.12, port: 80, pool: web, mode: nat }
                                  - { name: web, vip: 192.0.2.10, port: 80, pool: web }
                                interfaces: [eth1, eth0]
                                dataplane: { flow-capacity: 1024k }
                                """));

        assertEquals(List.of(), diff.changes());
        assertFalse(diff.needsRestart());
        assertEquals("no difference\n", DiffText.format(diff, Style.PLAIN));
    }

    @Test
    void shouldNameEveryFieldThatChanges() {
        final ConfigDiff diff = ConfigDiff.between(read(BEFORE), read(AFTER));

        assertTrue(
                diff.changes()
                        .contains(
                                new Change(
                                        Kind.CHANGED,
                                        Subject.BACKEND,
                                        "web/s1",
                                        List.of(
                                                new Field("port", "8080", null, false),
                                                new Field("weight", "100", "50", false)))));
        assertTrue(
                diff.changes()
                        .contains(
                                new Change(
                                        Kind.CHANGED,
                                        Subject.SERVICE,
                                        "web",
                                        List.of(new Field("algorithm", "rr", "maglev", false)))));
        assertTrue(diff.needsRestart());
        assertEquals(5, diff.count(Kind.ADDED)); // eth2, s3, and api with its pool and backend
    }

    @Test
    void shouldPrintALineForEachChange() {
        final ConfigDiff diff = ConfigDiff.between(read(BEFORE), read(AFTER));

        assertEquals(
                """
                ~ interface eth0             queues          auto -> 2  (restart)
                + interface eth2             queues auto, mode auto, zero-copy auto, vlan 0  (restart)
                ~ dataplane                  cpus            [] -> [2,3]  (restart)
                ~ dataplane                  frames          4k -> 8k  (restart)
                ~ service web                algorithm       rr -> maglev
                - service old                vip 192.0.2.12, port 80, protocol tcp, mode nat, algorithm rr, pool web
                + service api                vip 192.0.2.11, port 443, protocol tcp, mode nat, algorithm rr, pool api
                ~ pool web                   check.interval  2s -> 1s
                ~ pool web                   check.timeout   1s -> 500ms
                + pool api                   check tcp
                ~ backend web/s1             port            8080 -> (default)
                ~ backend web/s1             weight          100 -> 50
                - backend web/s2             address 10.2.0.2, port 8080, weight 100, state up
                + backend web/s3             address 10.2.0.3, port 8080, weight 100, state up
                + backend api/10.2.0.9:8443  address 10.2.0.9, port 8443, weight 100, state up
                5 added, 2 removed, 5 changed; needs a restart of the data plane: interface eth0, interface eth2, dataplane
                """,
                DiffText.format(diff, Style.PLAIN));
    }

    @Test
    void shouldSayTheSameAsJson() {
        final ConfigDiff diff = ConfigDiff.between(read(BEFORE), read(AFTER));

        final String json = Json.format(diff.toJson());

        assertEquals(diff, ConfigDiff.fromJson(Json.parseObject(json)));
        assertTrue(
                json.startsWith("{\"added\":5,\"removed\":2,\"changed\":5,\"needsRestart\":true"));
    }

    @Test
    void shouldBeUndoneByTheDifferenceBackwards() {
        final ConfigDiff there = ConfigDiff.between(read(BEFORE), read(AFTER));
        final ConfigDiff back = ConfigDiff.between(read(AFTER), read(BEFORE));

        assertEquals(there.count(Kind.ADDED), back.count(Kind.REMOVED));
        assertEquals(there.count(Kind.REMOVED), back.count(Kind.ADDED));
        assertEquals(there.count(Kind.CHANGED), back.count(Kind.CHANGED));
    }

    private static NaruConfig read(final String text) {
        return ConfigReader.read("lb.yaml", text).config().orElseThrow();
    }
}
