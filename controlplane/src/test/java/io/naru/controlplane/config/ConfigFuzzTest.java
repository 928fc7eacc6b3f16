package io.naru.controlplane.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Whatever a file says, the answer is a configuration or a report, never an exception. */
class ConfigFuzzTest {
    private static final int RUNS = 4_000;

    private static final List<String> TOKENS =
            List.of(
                    ": ",
                    "- ",
                    "[",
                    "]",
                    "{",
                    "}",
                    ", ",
                    "\n",
                    "  ",
                    "\t",
                    "\"",
                    "'",
                    "#",
                    "&a ",
                    "*a",
                    "<<",
                    "|",
                    ">",
                    "? ",
                    "---\n",
                    "...\n",
                    "%YAML 1.1\n",
                    "!!int ",
                    "!x ",
                    "null",
                    "true",
                    "-1",
                    "0",
                    "65536",
                    "99999999999999999999",
                    "1e9",
                    ".inf",
                    "2s",
                    "any",
                    "10.2.0.1",
                    "::1",
                    "name",
                    "port",
                    "weight",
                    "backends",
                    "\u0000",
                    "\ud83d\ude00",
                    "\ufeff",
                    "\u0085",
                    "\u2028",
                    "\r",
                    "\\",
                    "\\x",
                    "@",
                    "`");

    @Test
    void shouldAnswerEveryMutationWithAConfigurationOrAReport() throws IOException {
        final long seed = Long.getLong("naru.seed", System.nanoTime());
        System.out.println("ConfigFuzzTest: -Dnaru.seed=" + seed);
        final Random random = new Random(seed);
        final List<String> corpus = corpus();

        int accepted = 0;
        for (int run = 0; run < RUNS; run++) {
            final String text = mutate(corpus.get(random.nextInt(corpus.size())), random, corpus);
            try {
                accepted += check(text) ? 1 : 0;
            } catch (final RuntimeException | StackOverflowError | AssertionError ex) {
                throw new AssertionError("seed " + seed + ", run " + run + ":\n" + text, ex);
            }
        }
        assertTrue(accepted > RUNS / 50, "only " + accepted + " were still valid: seed " + seed);
        assertTrue(accepted < RUNS, "none was refused: seed " + seed);
    }

    /** Returns whether the text was accepted. */
    private static boolean check(final String text) {
        final ConfigReader.Result result = ConfigReader.read("fuzz.yaml", text);
        final String report = ProblemReport.text(result.problems());
        assertEquals(
                result.config().isEmpty(), result.problems().stream().anyMatch(Problem::isError));
        assertFalse(report.chars().anyMatch(c -> c == 0x1b || c == 0), "raw control characters");
        for (final Problem problem : result.problems()) {
            assertFalse(problem.text().isEmpty());
            assertTrue(problem.line() >= 0 && problem.column() >= 0 && problem.length() > 0);
        }
        result.config().ifPresent(ConfigFuzzTest::checkWritten);

        return result.config().isPresent();
    }

    /** What was accepted must survive being written and read again, and be exportable. */
    private static void checkWritten(final NaruConfig config) {
        final String written = ConfigWriter.json(config).toString();
        final NaruConfig read = ConfigReader.read("written", written).config().orElse(null);
        assertEquals(config, read, written);
        assertTrue(ConfigDiff.between(config, read).isEmpty());
        assertFalse(DataPlaneSettings.properties(config, Path.of("/run/naru")).isEmpty());
    }

    private static String mutate(
            final String original, final Random random, final List<String> corpus) {
        final StringBuilder text = new StringBuilder(original);
        final int mutations = 1 + random.nextInt(4);
        for (int i = 0; i < mutations; i++) {
            final int at = random.nextInt(text.length() + 1);
            final int end = Math.min(text.length(), at + random.nextInt(12));
            switch (random.nextInt(7)) {
                case 0 -> text.delete(at, end);
                case 1 -> text.insert(at, TOKENS.get(random.nextInt(TOKENS.size())));
                case 2 -> text.replace(at, end, TOKENS.get(random.nextInt(TOKENS.size())));
                case 3 -> text.insert(at, text.substring(at, end).repeat(1 + random.nextInt(3)));
                case 4 ->
                        text.insert(at, (char) random.nextInt(random.nextBoolean() ? 128 : 65_536));
                case 5 -> moveLine(text, random);
                default -> insertLine(text, random, corpus);
            }
        }

        return text.toString();
    }

    private static void moveLine(final StringBuilder text, final Random random) {
        final List<String> lines = new ArrayList<>(text.toString().lines().toList());
        if (lines.size() > 1) {
            final String line = lines.remove(random.nextInt(lines.size()));
            lines.add(random.nextInt(lines.size() + 1), line);
            text.replace(0, text.length(), String.join("\n", lines) + "\n");
        }
    }

    private static void insertLine(
            final StringBuilder text, final Random random, final List<String> corpus) {
        final List<String> others = corpus.get(random.nextInt(corpus.size())).lines().toList();
        final List<String> lines = new ArrayList<>(text.toString().lines().toList());
        if (!others.isEmpty()) {
            lines.add(random.nextInt(lines.size() + 1), others.get(random.nextInt(others.size())));
            text.replace(0, text.length(), String.join("\n", lines) + "\n");
        }
    }

    /** Every example, as it is and as the writer writes it. */
    private static List<String> corpus() throws IOException {
        final List<String> corpus = new ArrayList<>();
        for (final Path file : ConfigReaderTest.examples()) {
            corpus.add(Files.readString(file));
            corpus.add(
                    ConfigWriter.json(ConfigReader.read(file).config().orElseThrow()).toString());
        }
        return corpus;
    }
}
