package io.naru.dataplane;

import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Imports between packages go one way, see "What is where" in docs/architecture.md. */
class ImportDirectionTest {
    private static final String ROOT = "io.naru.dataplane";
    private static final Path SOURCES = Path.of("src/main/java/io/naru/dataplane");
    private static final Pattern IMPORT =
            Pattern.compile("^import (?:static )?([a-z0-9_.]+)\\.[A-Z].*;$");

    /**
     * Who may import whom, of our packages and of libraries; the JDK always. A package lower down
     * may use those above it, never the other way about. The root package (DataPlane, Conductor,
     * Worker) may use everything and is used by nobody but replay, a program like DataPlane, which
     * makes its tables as the conductor does.
     */
    private static final String ARROWS =
            """
            protocol    -> org.agrona
            port        -> org.agrona
            packet      -> port org.agrona
            port.memory -> port packet org.agrona
            port.xdp    -> port packet org.agrona io.naru.linux
            port.pcap   -> port org.agrona org.pcap4j
            schedule    -> protocol
            flow        -> packet port protocol org.agrona
            neighbour   -> packet port protocol org.agrona io.naru.linux
            status      -> packet schedule protocol org.agrona org.HdrHistogram
            service     -> packet port schedule neighbour protocol org.agrona
            forward     -> packet port flow service neighbour protocol status org.agrona
            pipeline    -> packet port flow service schedule forward neighbour protocol status org.agrona
            doctor      -> port.xdp protocol io.naru.linux org.agrona
            replay      -> (root) packet port port.memory port.pcap flow service schedule neighbour pipeline protocol status org.agrona
            """;

    @Test
    void shouldImportOnlyInTheDirectionOfTheArrows() throws IOException {
        final Map<String, List<String>> arrows = arrows();
        final List<String> offences = new ArrayList<>();
        try (Stream<Path> files = Files.walk(SOURCES)) {
            for (final Path file :
                    files.filter(path -> path.toString().endsWith(".java")).toList()) {
                check(file, arrows, offences);
            }
        }

        assertTrue(
                offences.isEmpty(),
                () ->
                        offences.stream()
                                .collect(
                                        joining(
                                                "\n",
                                                "Imports against the arrows of ImportDirectionTest:\n",
                                                "\n")));
    }

    private static void check(
            final Path file, final Map<String, List<String>> arrows, final List<String> offences)
            throws IOException {
        final Path directory = SOURCES.relativize(file.getParent());
        final String importer = directory.toString().replace('/', '.');
        final List<String> allowed = arrows.get(importer);
        if (importer.isEmpty()) {
            return;
        }
        if (allowed == null) {
            offences.add("package " + importer + " has no line in ARROWS: add what it may import");
            return;
        }

        for (final String line : Files.readAllLines(file)) {
            final Matcher matcher = IMPORT.matcher(line);
            if (matcher.matches() && !isAllowed(matcher.group(1), importer, allowed)) {
                offences.add(
                        "%s.%s: %s  (%s may import %s)"
                                .formatted(importer, file.getFileName(), line, importer, allowed));
            }
        }
    }

    private static boolean isAllowed(
            final String imported, final String importer, final List<String> allowed) {
        if (imported.startsWith("java.") || imported.startsWith("javax.")) {
            return true;
        }
        if (imported.equals(ROOT)) {
            return allowed.contains("(root)");
        }
        if (imported.startsWith(ROOT + ".")) {
            final String name = imported.substring(ROOT.length() + 1);
            return name.equals(importer) || allowed.contains(name);
        }

        return allowed.stream()
                .anyMatch(
                        library -> imported.equals(library) || imported.startsWith(library + "."));
    }

    private static Map<String, List<String>> arrows() {
        final Map<String, List<String>> arrows = new HashMap<>();
        for (final String line : ARROWS.lines().toList()) {
            final String[] sides = line.split("->", 2);
            arrows.put(sides[0].strip(), Arrays.asList(sides[1].strip().split(" ")));
        }

        return arrows;
    }
}
