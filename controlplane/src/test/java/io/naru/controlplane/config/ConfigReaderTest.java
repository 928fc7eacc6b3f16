package io.naru.controlplane.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.controlplane.health.CheckSpec;
import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Limits;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ConfigReaderTest {
    private static final Path EXAMPLES = Path.of("../config");

    private static final String TEMPLATE =
            """
            interfaces: [eth0, eth1]
            services:
              - name: web
                vip: 192.0.2.10
                port: 80
                backends: [10.2.0.1:8080]
            """;

    @Test
    void shouldFillInEveryDefaultOfTheSmallestFile() throws Exception {
        final Path file = EXAMPLES.resolve("minimal.yaml");

        final NaruConfig config = ConfigReader.read(file).orThrow();

        assertTrue(Files.readAllLines(file).size() <= 10, "lines of " + file);
        assertEquals(Topology.ROUTED, config.topology());
        assertEquals(
                List.of(
                        new InterfaceConfig("eth0", 0, XdpMode.AUTO, Feature.AUTO, 0),
                        new InterfaceConfig("eth1", 0, XdpMode.AUTO, Feature.AUTO, 0)),
                config.interfaces());
        assertEquals(
                List.of(
                        new ServiceConfig(
                                "web",
                                IpAddress.parse("192.0.2.10"),
                                Protocol.TCP,
                                PortRange.of(80),
                                Mode.NAT,
                                Algorithm.RR,
                                "web",
                                TimeoutsConfig.DEFAULT)),
                config.services());
        assertEquals(
                List.of(
                        new PoolConfig(
                                "web",
                                CheckConfig.TCP,
                                List.of(backend("10.2.0.1", 8080), backend("10.2.0.2", 8080)))),
                config.pools());
        assertEquals(
                new DataPlaneConfig(
                        1_048_576,
                        List.of(),
                        4_096,
                        2_048,
                        Feature.AUTO,
                        IdleMode.BACKOFF,
                        true,
                        0,
                        DataPlaneConfig.LOCAL_PORTS_DEFAULT),
                config.dataPlane());
    }

    /** Every example of the directory. */
    static List<Path> examples() throws IOException {
        try (Stream<Path> all = Files.list(EXAMPLES)) {
            return all.filter(file -> file.toString().endsWith(".yaml")).sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("examples")
    void shouldFindNothingWrongWithTheExamples(final Path example) throws IOException {
        final ConfigReader.Result result = ConfigReader.read(example);

        assertEquals(List.of(), result.problems());
        assertTrue(result.config().isPresent());
    }

    @ParameterizedTest
    @MethodSource("examples")
    void shouldReadWhatTheWriterMakesOfTheExamples(final Path example) throws Exception {
        final NaruConfig config = ConfigReader.read(example).orThrow();

        assertEquals(config, read(ConfigWriter.json(config).toString()));
    }

    @Test
    void shouldReadWhatTheExampleOfDirectServerReturnSays() throws Exception {
        final NaruConfig config =
                ConfigReader.read(EXAMPLES.resolve("one-arm-dsr-l2.yaml")).orThrow();

        assertEquals(Topology.ONE_ARM, config.topology());
        assertTrue(config.services().stream().allMatch(s -> s.mode() == Mode.DSR_L2));
        assertEquals(
                new CheckConfig(
                        CheckType.TCP,
                        Duration.ofSeconds(1),
                        null,
                        null,
                        Duration.ofMillis(500),
                        2,
                        3,
                        80,
                        null,
                        null,
                        null,
                        true,
                        CheckSpec.Tcp.CONNECT),
                config.pools().get(0).check());
        assertEquals(50, config.pools().get(0).backend("s3").orElseThrow().weight());
    }

    @Test
    void shouldTakeJson() throws Exception {
        final NaruConfig fromYaml = read(TEMPLATE);

        final NaruConfig fromJson =
                read(
                        """
                        {"interfaces": ["eth0", "eth1"], "services": [{"name": "web",
                         "vip": "192.0.2.10", "port": 80, "backends": ["10.2.0.1:8080"]}]}
                        """);

        assertEquals(fromYaml, fromJson);
    }

    @Test
    void shouldShareAValueThroughAnAlias() throws Exception {
        final NaruConfig config =
                read(
                        """
                        interfaces: [eth0, eth1]
                        services:
                          - { name: a, vip: 192.0.2.10, port: 80, pool: a }
                          - { name: b, vip: 192.0.2.11, port: 80, pool: b }
                        pools:
                          - { name: a, backends: [10.2.0.1], check: &fast { interval: 500ms } }
                          - { name: b, backends: [10.2.0.9], check: *fast }
                        """);

        final CheckConfig check = config.pool("b").orElseThrow().check();
        assertEquals(Duration.ofMillis(500), check.interval());
        assertEquals(check, config.pool("a").orElseThrow().check());
    }

    @Test
    void shouldShortenTheDefaultTimeoutToAShortInterval() throws Exception {
        final NaruConfig config = read(TEMPLATE + "    check: { interval: 300ms }\n");

        assertEquals(Duration.ofMillis(300), config.pools().get(0).check().timeout());
    }

    @Test
    void shouldNotCheckAPoolThatOnlyUdpServicesUse() throws Exception {
        final NaruConfig config = read(TEMPLATE + "    protocol: udp\n");

        assertEquals(CheckConfig.NONE, config.pools().get(0).check());
    }

    @Test
    void shouldCheckThePortThatTheTrafficGoesTo() throws Exception {
        final NaruConfig config =
                read(
                        """
                        interfaces: [eth0, eth1]
                        services:
                          - { name: a, vip: 192.0.2.10, port: 81, pool: a }
                          - { name: b, vip: 192.0.2.10, port: 82, backends: [10.2.0.9], check: { port: 99 } }
                          - { name: c, vip: 192.0.2.10, port: 83, backends: [10.2.0.9], check: none }
                        pools:
                          - { name: a, backends: [10.2.0.1:8081, 10.2.0.2] }
                        """);

        final PoolConfig a = config.pool("a").orElseThrow();
        final PoolConfig b = config.pool("b").orElseThrow();
        final PoolConfig c = config.pool("c").orElseThrow();
        assertEquals(8081, config.checkPort(a, a.backends().get(0)));
        assertEquals(81, config.checkPort(a, a.backends().get(1)));
        assertEquals(99, config.checkPort(b, b.backends().get(0)));
        assertEquals(0, config.checkPort(c, c.backends().get(0)));
    }

    @Test
    void shouldReadWhatAPoolDoesUnderChange() throws Exception {
        final NaruConfig config =
                read(
                        """
                        interfaces: [eth0, eth1]
                        services:
                          - { name: a, vip: 192.0.2.10, port: 80, pool: a }
                        pools:
                          - name: a
                            slow-start: 30s
                            quorum: 200
                            hysteresis: 50
                            sorry-server: 10.2.0.99:8080
                            outliers: { failures: 3, share: 20%, eject: 1m }
                            backends:
                              - { name: s1, address: 10.2.0.1, priority: 200, max-flows: 10k }
                              - { name: s2, address: 10.2.0.2, weight: 200, max-flow-rate: 500 }
                              - { name: b1, address: 10.2.0.3, backup: true }
                        """);

        final PoolConfig pool = config.pool("a").orElseThrow();
        assertEquals(
                new PoolRules(
                        Duration.ofSeconds(30),
                        200,
                        50,
                        0,
                        new OutlierRules(3, 20, Duration.ofSeconds(10), Duration.ofMinutes(1), 30)),
                pool.rules());
        assertEquals(
                List.of(
                        backend("s1", "10.2.0.1", 0, 100, Role.REGULAR, 200, 10_240, 0),
                        backend("s2", "10.2.0.2", 0, 200, Role.REGULAR, 100, 0, 500),
                        backend("b1", "10.2.0.3", 0, 100, Role.BACKUP, 100, 0, 0),
                        backend("sorry-server", "10.2.0.99", 8_080, 100, Role.SORRY, 100, 0, 0)),
                pool.backends());
    }

    private static BackendConfig backend(
            final String name,
            final String address,
            final int port,
            final int weight,
            final Role role,
            final int priority,
            final int maxFlows,
            final int maxFlowRate) {
        return new BackendConfig(
                name,
                IpAddress.parse(address),
                port,
                weight,
                AdminState.UP,
                role,
                priority,
                maxFlows,
                maxFlowRate);
    }

    @Test
    void shouldTakeAWordForAllOutlierRules() throws Exception {
        final String pool =
                """
                interfaces: [eth0, eth1]
                services:
                  - { name: a, vip: 192.0.2.10, port: 80, pool: a }
                pools:
                  - { name: a, backends: [10.2.0.1, 10.2.0.2], outliers: %s }
                """;

        assertEquals(
                OutlierRules.DEFAULT,
                read(pool.formatted("on")).pool("a").orElseThrow().rules().outliers());
        assertEquals(PoolRules.NONE, read(pool.formatted("off")).pool("a").orElseThrow().rules());
    }

    @Test
    void shouldTakeAsManyServicesAndBackendsAsTheDataPlaneDoes() throws Exception {
        final NaruConfig config = read(large(Limits.MAX_SERVICES, Limits.MAX_BACKENDS));

        assertEquals(Limits.MAX_SERVICES, config.services().size());
        assertEquals(
                Limits.MAX_BACKENDS,
                config.pools().stream().mapToInt(pool -> pool.backends().size()).sum());
    }

    @Test
    void shouldRefuseMoreBackendsThanTheDataPlaneTakes() {
        final ConfigReader.Result result =
                ConfigReader.read("lb.yaml", large(Limits.MAX_SERVICES, Limits.MAX_BACKENDS + 4));

        assertEquals(
                "there are 16388 backends; at most 16384 are allowed",
                result.problems().get(0).text());
    }

    @Test
    void shouldRefuseMoreHashTablesThanTheDataPlaneTakes() throws Exception {
        final StringBuilder text = new StringBuilder("interfaces: [eth0, eth1]\nservices:\n");
        final String service =
                "  - { name: s%d, vip: 192.0.2.1, port: %d, algorithm: %s, pool: web }\n";
        for (int i = 1; i < Limits.MAX_HASH_TABLES - 9; i++) {
            text.append(service.formatted(i, i, i % 2 == 0 ? "maglev" : "sh"));
        }
        text.append(service.formatted(1_000, 1_000, "wrr"));
        text.append(service.formatted(2_000, 2_000, "maglev, hash-table: 655373"));
        final String pool = "pools: [{ name: web, backends: [10.2.0.1:80] }]\n";

        assertEquals(Limits.MAX_HASH_TABLES - 8, read(text + pool).services().size());
        final ConfigReader.Result result =
                ConfigReader.read("lb.yaml", text + service.formatted(3_000, 3_000, "dh") + pool);
        assertEquals(
                "they need 513 hash tables (sh, sh-port, dh, maglev; a large one of maglev counts"
                        + " as 10); at most 512 are possible",
                result.problems().get(0).text());
    }

    @Test
    void shouldRefuseMoreUsesOfBackendsThanTheDataPlaneTakes() {
        final StringBuilder text = new StringBuilder("interfaces: [eth0, eth1]\nservices:\n");
        for (int i = 1; i <= 257; i++) {
            text.append("  - { name: s%d, vip: 192.0.2.1, port: %d, pool: web }\n".formatted(i, i));
        }
        text.append("pools:\n  - name: web\n    check: none\n    backends:\n");
        for (int i = 0; i < 1_024; i++) {
            text.append("      - 10.2.%d.%d\n".formatted(i / 250, i % 250 + 1));
        }

        assertEquals(
                "they have 263168 backends together, those of a pool counted for each of its"
                        + " services; at most 262144 are possible",
                ConfigReader.read("lb.yaml", text.toString()).problems().get(0).text());
    }

    @Test
    void shouldNotLetAliasesBecomeMoreThanAFileCanSay() {
        final StringBuilder text = new StringBuilder("interfaces: [eth0, eth1]\nservices:\n");
        text.append("  - { name: s0, vip: 192.0.2.1, port: 1, backends: &b [");
        for (int i = 0; i < 1_000; i++) {
            text.append("10.0.").append(i / 250).append('.').append(i % 250).append(", ");
        }
        text.append("] }\n");
        for (int i = 1; i < 1_000; i++) {
            text.append("  - { name: s").append(i).append(", vip: 192.0.2.1, port: ");
            text.append(i + 1).append(", backends: *b }\n");
        }

        final ConfigReader.Result result = ConfigReader.read("lb.yaml", text.toString());

        assertTrue(result.config().isEmpty());
        assertEquals(
                "with its aliases the file has more than 100000 mappings",
                result.problems().get(0).text());
    }

    @Test
    void shouldRefuseAFileThatIsNotText(@TempDir final Path directory) throws IOException {
        final Path file = directory.resolve("lb.yaml");
        Files.write(file, "name: gr\u00fcn".getBytes(StandardCharsets.ISO_8859_1));

        final ConfigReader.Result result = ConfigReader.read(file);

        assertEquals(
                file + ": error: is not UTF-8 text\n1 error; nothing was changed.\n",
                ProblemReport.text(result.problems()));
    }

    @Test
    void shouldRefuseAFileWithoutEnd(@TempDir final Path directory) throws IOException {
        final Path file = directory.resolve("lb.yaml");
        Files.writeString(file, "#".repeat(YamlTree.MAX_CHARACTERS + 1));

        final ConfigReader.Result result = ConfigReader.read(file);

        assertEquals(
                "has 8388609 characters; at most 8388608 are read",
                result.problems().get(0).text());
    }

    @Test
    void shouldNotReadADeviceWithoutEnd() throws IOException {
        final ConfigReader.Result result = ConfigReader.read(Path.of("/dev/zero"));

        assertEquals("is larger than 16777216 bytes", result.problems().get(0).text());
    }

    @Test
    void shouldTakeTheLineEndsAndTheMarkOfOtherSystems() throws Exception {
        assertEquals(read(TEMPLATE), read("\ufeff" + TEMPLATE.replace("\n", "\r\n")));
    }

    @Test
    void shouldPointAtTheRightPlaceInALineWithOtherLineEnds() {
        final ConfigReader.Result result =
                ConfigReader.read("lb.yaml", TEMPLATE.replace("\n", "\r\n") + "    nme: x\r\n");

        assertEquals(
                """
                lb.yaml:7:5: error: services[web].nme: unknown key
                    7 |     nme: x
                      |     ^~~
                      hint: did you mean 'name'?
                1 error; nothing was changed.
                """,
                ProblemReport.text(result.problems()));
    }

    private static NaruConfig read(final String text) throws ConfigException {
        return ConfigReader.read("lb.yaml", text).orThrow();
    }

    private static BackendConfig backend(final String address, final int port) {
        return new BackendConfig(
                address + ":" + port, IpAddress.parse(address), port, 100, AdminState.UP);
    }

    private static String large(final int services, final int backends) {
        final StringBuilder text = new StringBuilder("interfaces: [eth0, eth1]\nservices:\n");
        for (int i = 0; i < services; i++) {
            text.append("  - name: service-").append(i).append("\n    vip: 192.0.2.10\n    port: ");
            text.append(i + 1).append("\n    check: { type: tcp, interval: 2s }\n    backends:\n");
            for (int k = i; k < backends; k += services) {
                text.append("      - { name: s").append(k).append(", address: 10.1.");
                text.append(k / 250).append('.').append(k % 250 + 1);
                text.append(", port: 8080, weight: 100 }\n");
            }
        }
        return text.toString();
    }
}
