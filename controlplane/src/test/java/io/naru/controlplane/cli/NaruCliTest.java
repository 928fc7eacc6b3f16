package io.naru.controlplane.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.controlplane.json.Json;
import io.naru.controlplane.json.JsonObject;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.CommandFile;
import io.naru.dataplane.protocol.DesiredState;
import io.naru.dataplane.protocol.ServiceSpec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NaruCliTest {
    private static final String MINIMAL = "../config/minimal.yaml";

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir private Path directory;

    @Test
    void shouldSayThatAFileIsAllRight() {
        final int exitCode = run("validate", MINIMAL);

        assertEquals("", err());
        assertEquals(MINIMAL + ": ok, 1 service, 1 pool, 2 backends\n", out());
        assertEquals(ExitCode.OK, exitCode);
    }

    @Test
    void shouldReportToStandardErrorWhatIsWrongWithAFile() throws IOException {
        final Path file = Files.writeString(directory.resolve("lb.yaml"), "interfces: [eth0]\n");

        final int exitCode = run("validate", file.toString(), MINIMAL);

        assertEquals(
                """
                FILE:1:1: error: needs 'interfaces': a list of interfaces
                    1 | interfces: [eth0]
                      | ^~~~~~~~~~~~~~~~~
                      hint: interfaces: [eth0, eth1]
                FILE:1:1: error: interfces: unknown key
                    1 | interfces: [eth0]
                      | ^~~~~~~~~
                      hint: did you mean 'interfaces'?
                2 errors; nothing was changed.
                """
                        .lines()
                        .sorted()
                        .toList(),
                err().replace(file.toString(), "FILE").lines().sorted().toList());
        assertTrue(out().startsWith(MINIMAL + ": ok"), "the other file is checked all the same");
        assertEquals(ExitCode.REFUSED, exitCode);
    }

    @Test
    void shouldReportAsJsonWithAStableOrder() throws IOException {
        final Path file = Files.writeString(directory.resolve("lb.yaml"), "interfaces: []\n");

        final int exitCode = run("validate", "-o", "json", file.toString());

        final JsonObject json = Json.parseObject(out());
        assertEquals(
                List.of("apiVersion", "kind", "isValid", "files"),
                List.copyOf(json.members().keySet()));
        assertEquals("naru/v1", json.string("apiVersion"));
        final JsonObject problem = json.objects("files").get(0).objects("problems").get(0);
        assertEquals("must not be empty", problem.string("message"));
        assertEquals(13, problem.number("column", 0));
        assertEquals("", err());
        assertEquals(ExitCode.REFUSED, exitCode);
    }

    @Test
    void shouldNameAFileThatCannotBeRead() {
        final int exitCode = run("validate", "/nowhere/lb.yaml");

        assertEquals("naru: cannot read /nowhere/lb.yaml: there is no such file\n", err());
        assertEquals(ExitCode.USAGE, exitCode);
    }

    @Test
    void shouldGuessTheCommandThatWasMeant() {
        final int exitCode = run("valdiate", MINIMAL);

        assertEquals(
                "naru: there is no command 'valdiate'\n      did you mean 'naru validate'?\n",
                err());
        assertEquals(ExitCode.USAGE, exitCode);
    }

    @Test
    void shouldGuessTheOptionThatWasMeant() {
        final int exitCode = run("validate", "--no-colour", MINIMAL);

        assertEquals(
                "naru: unknown option: '--no-colour'\n      did you mean '--no-color'?\n", err());
        assertEquals(ExitCode.USAGE, exitCode);
    }

    @Test
    void shouldAskForWhatIsMissing() {
        assertEquals(ExitCode.USAGE, run());
        assertEquals("naru: which command?\n      naru --help lists them\n", err());
        assertEquals(ExitCode.USAGE, run("validate"));
        assertTrue(err().contains("naru validate --help shows how"), err());
    }

    @Test
    void shouldRefuseAFormatThatIsNone() {
        final int exitCode = run("validate", "-o", "yaml", MINIMAL);

        assertEquals("naru: -o must be one of table, wide, json, not 'yaml'\n", err());
        assertEquals("", out());
        assertEquals(ExitCode.USAGE, exitCode);
    }

    @Test
    void shouldShowExamplesBeforeTheRules() {
        final int exitCode = run("validate", "--help");

        assertTrue(out().indexOf("naru validate lb.yaml") < out().indexOf("Usage:"), out());
        assertEquals(ExitCode.OK, exitCode);
    }

    @Test
    void shouldShowExamplesInTheHelpOfEveryCommand() {
        for (final String name : Commands.visible()) {
            out.reset();
            assertEquals(ExitCode.OK, run(name, "--help"));
            assertTrue(
                    out().lines().anyMatch(line -> line.startsWith("  naru " + name)),
                    () -> "no example:\n" + out());
            assertTrue(out().lines().allMatch(line -> line.length() <= 100), this::out);
        }
    }

    @Test
    void shouldListTheCommandsInHelpButNotTheHiddenOnes() {
        run("--help");

        for (final String name : Commands.visible()) {
            assertTrue(out().contains("\n  " + name), name + " in " + out());
        }
        assertFalse(out().contains("\n  export"), out());
    }

    @Test
    void shouldExportTheSettingsOfTheRunDirectoryOnEitherSideOfTheCommand() {
        run("--run-dir", "/a", "export", "properties", MINIMAL);
        assertTrue(out().startsWith("naru.run.dir=/a\n"), out());

        out.reset();
        run("export", "properties", MINIMAL, "--run-dir=/b");
        assertTrue(out().startsWith("naru.run.dir=/b\n"), out());

        out.reset();
        run("export", "properties", MINIMAL);
        assertTrue(out().startsWith("naru.run.dir=/from/environment\n"), out());
    }

    @Test
    void shouldExportNothingOfABrokenFile() throws IOException {
        final Path file = Files.writeString(directory.resolve("lb.yaml"), "");

        final int exitCode = run("export", "properties", file.toString());

        assertEquals("", out());
        assertTrue(err().contains("is empty"), err());
        assertEquals(ExitCode.REFUSED, exitCode);
    }

    @Test
    void shouldExportCommandsForReplay() throws IOException {
        final Path config =
                Files.writeString(
                        directory.resolve("lb.yaml"),
                        """
                        interfaces: [eth0, eth1]
                        services:
                          - { name: web, vip: 192.0.2.10, port: any, pool: web, protocol: udp,
                              timeouts: { udp: 1m } }
                        pools:
                          - name: web
                            backends:
                              - { name: s1, address: 10.2.0.1 }
                              - { name: s2, address: 10.2.0.2, state: drain, weight: 7 }
                              - { name: s3, address: 10.2.0.3, state: down }
                        """);

        final int exitCode = run("export", "commands", config.toString());

        final Path file = Files.write(directory.resolve("commands"), out.toByteArray());
        final DesiredState state = CommandFile.read(file);
        assertEquals(List.of("web"), state.pools());
        assertEquals(
                List.of(BackendState.UP, BackendState.DRAIN, BackendState.DOWN),
                state.backends().stream().map(BackendSpec::state).toList());
        assertEquals(7, state.backends().get(1).weight());
        final ServiceSpec service = state.services().get(0);
        assertEquals(65_535, service.portLast());
        assertEquals(new ServiceSpec.Timeouts(0, 0, 0, 60), service.timeouts());
        assertEquals(ExitCode.OK, exitCode);
    }

    @Test
    void shouldPrintASchemaThatIsJson() {
        assertEquals(ExitCode.OK, run("schema"));

        assertTrue(Json.parseObject(out()).has("properties"));
    }

    private int run(final String... args) {
        try (PrintStream outStream = new PrintStream(out, true, StandardCharsets.UTF_8);
                PrintStream errStream = new PrintStream(err, true, StandardCharsets.UTF_8)) {
            return NaruCli.run(
                    List.of(args),
                    outStream,
                    errStream,
                    Map.of("NARU_RUN_DIR", "/from/environment"));
        }
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }
}
