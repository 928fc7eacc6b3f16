package io.naru.bench.system;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.bench.topology.Balancer;
import io.naru.bench.topology.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * {@code naru replay} makes of each capture, with the configuration beside it, what scapy says: one
 * of every mode and family, see modes.py beside them.
 */
class GoldenCapturesTest {
    private static final String SUFFIX = ".yaml";
    private static final int SCENARIOS = 15;

    @TempDir private Path directory;

    private static Path captures() {
        return Balancer.launcher()
                .resolveSibling("dataplane/src/test/resources/replay/modes")
                .toAbsolutePath();
    }

    static Stream<String> scenarios() throws IOException {
        try (Stream<Path> files = Files.list(captures())) {
            final List<String> names =
                    files.map(file -> file.getFileName().toString())
                            .filter(name -> name.endsWith(SUFFIX))
                            .map(name -> name.substring(0, name.length() - SUFFIX.length()))
                            .sorted()
                            .toList();
            assertTrue(names.size() >= SCENARIOS, () -> "only " + names);
            return names.stream();
        }
    }

    @ParameterizedTest
    @MethodSource("scenarios")
    void shouldReplayToTheSameBytesAsScapy(final String scenario) throws IOException {
        final Path output = directory.resolve("out.pcap");

        final String report =
                Command.run(
                        List.of(
                                Balancer.launcher().toString(),
                                "replay",
                                captures().resolve(scenario + ".in.pcap").toString(),
                                "-c",
                                captures().resolve(scenario + SUFFIX).toString(),
                                "-w",
                                output.toString()));

        assertArrayEquals(
                Files.readAllBytes(captures().resolve(scenario + ".out.pcap")),
                Files.readAllBytes(output),
                report);
    }
}
