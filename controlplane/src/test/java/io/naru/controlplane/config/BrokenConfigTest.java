package io.naru.controlplane.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Each {@code NAME.yaml} of the directory {@code broken} must be answered with exactly {@code
 * NAME.txt}.
 *
 * <p>{@code mvn test -Dtest=BrokenConfigTest -Dnaru.golden.write=true} writes the answers anew.
 */
class BrokenConfigTest {
    private static final Path DIRECTORY =
            Path.of("src/test/resources/io/naru/controlplane/config/broken");

    @TestFactory
    Stream<DynamicTest> shouldReportEverythingThatIsWrong() throws IOException {
        final List<Path> files;
        try (Stream<Path> all = Files.list(DIRECTORY)) {
            files = all.filter(file -> file.toString().endsWith(".yaml")).sorted().toList();
        }
        assertTrue(files.size() > 30, "fixtures in " + DIRECTORY.toAbsolutePath());

        return files.stream()
                .map(
                        file -> {
                            final String name = file.getFileName().toString();
                            return DynamicTest.dynamicTest(
                                    name.replace(".yaml", "").replace('-', ' '),
                                    () -> check(file, name));
                        });
    }

    private static void check(final Path file, final String name) throws IOException {
        final ConfigReader.Result result = ConfigReader.read(name, Files.readString(file));
        final String report = ProblemReport.text(result.problems());

        final Path golden = file.resolveSibling(name.replace(".yaml", ".txt"));
        if (Boolean.getBoolean("naru.golden.write")) {
            Files.writeString(golden, report);
        }
        assertEquals(Files.readString(golden), report);
        assertEquals(
                result.problems().stream().anyMatch(Problem::isError), result.config().isEmpty());
        assertFalse(result.problems().isEmpty());
    }
}
