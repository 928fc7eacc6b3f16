package io.naru.controlplane.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The command line starts fast because it starts without netty and without a logging framework. */
class CliClassPathTest {
    /** What the launcher gives it. */
    private static final Pattern CLASS_PATH =
            Pattern.compile(
                    ".*/(controlplane/target/classes|dataplane/target/classes"
                            + "|(naru-dataplane|agrona|picocli|snakeyaml-engine)-[^/]*[.]jar)");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--help",
                "validate ../config/routed-nat.yaml",
                "validate ../config/health-checks.yaml",
                "schema"
            })
    void shouldNeedNothingElse(final String arguments) throws IOException, InterruptedException {
        final String classPath =
                Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                        .filter(entry -> CLASS_PATH.matcher(entry).matches())
                        .collect(Collectors.joining(File.pathSeparator));
        final List<String> command =
                Stream.concat(
                                Stream.of(
                                        Path.of(System.getProperty("java.home"), "bin", "java")
                                                .toString(),
                                        "-XX:TieredStopAtLevel=1",
                                        "-cp",
                                        classPath,
                                        NaruCli.class.getName()),
                                Arrays.stream(arguments.split(" ")))
                        .toList();

        final Process process =
                new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        final String errors =
                new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor(1, TimeUnit.MINUTES);

        assertEquals("", errors);
        assertEquals(ExitCode.OK, process.exitValue());
    }
}
