package io.naru.controlplane;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The planes are two processes that meet in the cnc file: what both agree on is {@code
 * io.naru.dataplane.protocol}, and no other package of the data plane may be used here; the edge to
 * Linux by health checks only.
 */
class ImportDirectionTest {
    private static final Path SOURCES = Path.of("src/main/java");
    private static final Path HEALTH = SOURCES.resolve("io/naru/controlplane/health");
    private static final Pattern FOREIGN =
            Pattern.compile("^import (static )?io\\.naru\\.(linux|dataplane(?!\\.protocol\\.)).*");
    private static final Pattern LINUX =
            Pattern.compile("^import (static )?io\\.naru\\.linux\\..*");

    @Test
    void shouldImportOnlyTheProtocolOfTheDataPlane() throws IOException {
        final List<String> offences = new ArrayList<>();
        try (Stream<Path> files = Files.walk(SOURCES)) {
            for (final Path file :
                    files.filter(path -> path.toString().endsWith(".java")).toList()) {
                for (final String line : Files.readAllLines(file)) {
                    final boolean isAllowed =
                            file.startsWith(HEALTH) && LINUX.matcher(line).matches();
                    if (FOREIGN.matcher(line).matches() && !isAllowed) {
                        offences.add(SOURCES.relativize(file) + ": " + line);
                    }
                }
            }
        }

        assertEquals(List.of(), offences, "imports past io.naru.dataplane.protocol");
    }
}
