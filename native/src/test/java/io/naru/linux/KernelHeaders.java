package io.naru.linux;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Asks the C compiler what the kernel's headers say. */
public final class KernelHeaders {
    private KernelHeaders() {}

    /**
     * The values of C expressions, in their order; skips the test where there is no compiler, or
     * its headers are older than an expression.
     */
    public static Map<String, Long> evaluate(
            final Path directory, final List<String> headers, final Iterable<String> expressions)
            throws IOException, InterruptedException {
        final StringBuilder source = new StringBuilder("#include <stddef.h>\n#include <stdio.h>\n");
        headers.forEach(header -> source.append("#include <%s>\n".formatted(header)));
        source.append("int main(void) {\n");
        expressions.forEach(e -> source.append("printf(\"%%ld\\n\", (long) (%s));\n".formatted(e)));
        final Path file = directory.resolve("layout.c");
        Files.writeString(file, source.append("return 0; }\n"));

        final Path program = directory.resolve("layout");
        run("cc", "-o", program.toString(), file.toString());
        final String[] lines = run(program.toString()).split("\n");
        final Map<String, Long> values = new LinkedHashMap<>();
        int i = 0;
        for (final String expression : expressions) {
            values.put(expression, Long.valueOf(lines[i++]));
        }

        return values;
    }

    private static String run(final String... command) throws IOException, InterruptedException {
        final Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (final IOException e) {
            assumeTrue(false, "no C compiler: " + e.getMessage());
            return "";
        }

        final String output =
                new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor(30, TimeUnit.SECONDS);
        assumeTrue(process.exitValue() == 0, "no kernel headers: " + output);
        return output;
    }
}
