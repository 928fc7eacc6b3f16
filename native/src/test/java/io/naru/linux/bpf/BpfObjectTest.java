package io.naru.linux.bpf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.naru.linux.xdp.FilterDescriptor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BpfObjectTest {
    private static final Path SOURCES = Path.of("src/main/bpf");
    private static final String COMPILED_WITH = "clang version 14";
    private static final int BPF_PSEUDO_LOAD_64 = 0x18; // BPF_LD | BPF_IMM | BPF_DW

    private static byte[] committed() throws IOException {
        try (InputStream resource =
                FilterDescriptor.class.getResourceAsStream(FilterDescriptor.OBJECT)) {
            return resource.readAllBytes();
        }
    }

    private static String run(final String... command) throws IOException, InterruptedException {
        final Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        final String output =
                new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        assertEquals(0, process.exitValue(), output);
        return output;
    }

    @Test
    void shouldReadProgramMapsAndRelocations() throws IOException {
        final BpfObject object = BpfObject.read(committed());

        assertEquals("naru_filter", object.programName());
        assertEquals("Apache-2.0", object.license());
        assertEquals(
                Set.of(
                        "naru_sockets",
                        "naru_counters",
                        "naru_addresses",
                        "naru_settings",
                        "naru_services",
                        "naru_backends"),
                object.maps().keySet());
        assertEquals(
                new BpfMapDefinition("naru_sockets", 17, 4, 4, 64, 0), object.map("naru_sockets"));
        assertEquals(
                new BpfMapDefinition("naru_addresses", 1, 16, 136, 16384, 1),
                object.map("naru_addresses"));
        assertTrue(object.relocations().size() >= object.maps().size());
        final byte[] instructions = object.instructions();
        for (final BpfObject.Relocation relocation : object.relocations()) {
            assertEquals(
                    BPF_PSEUDO_LOAD_64,
                    instructions[relocation.instruction() * BpfObject.INSTRUCTION_LENGTH]);
        }
    }

    @Test
    void shouldRefuseWhatIsNoBpfObject() throws IOException {
        final byte[] other = committed();
        other[18] = 62; // EM_X86_64

        assertEquals(
                "not a BPF object: it is no 64-bit little-endian ELF file",
                assertThrows(IllegalArgumentException.class, () -> BpfObject.read(new byte[100]))
                        .getMessage());
        assertEquals(
                "not a BPF object: it is not made for BPF (clang -target bpfel)",
                assertThrows(IllegalArgumentException.class, () -> BpfObject.read(other))
                        .getMessage());
    }

    @Test
    void shouldRefuseAnObjectCutShortAnywhere() throws IOException {
        final byte[] whole = committed();

        for (int length = 0; length < whole.length; length++) {
            final byte[] part = Arrays.copyOf(whole, length);
            assertThrows(
                    IllegalArgumentException.class,
                    () -> BpfObject.read(part),
                    "cut to " + length + " bytes");
        }
    }

    @Test
    void shouldBeWhatItsSourceCompilesTo(@TempDir final Path directory) throws Exception {
        // given
        final String version;
        try {
            version = run("clang", "--version");
        } catch (final IOException e) {
            assumeTrue(false, "needs clang to compile the source: " + e.getMessage());
            return;
        }

        assumeTrue(
                version.contains(COMPILED_WITH),
                "the object was compiled with %s; another version may choose other instructions: %s"
                        .formatted(COMPILED_WITH, version.lines().findFirst().orElse("")));

        // when
        final Path rebuilt = directory.resolve("rebuilt.o");
        run(SOURCES.resolve("build").toAbsolutePath().toString(), rebuilt.toString());

        // then
        final BpfObject ours = BpfObject.read(committed());
        final BpfObject theirs = BpfObject.read(Files.readAllBytes(rebuilt));
        final String remedy = "run native/src/main/bpf/build and commit the object";
        assertArrayEquals(theirs.instructions(), ours.instructions(), remedy);
        assertEquals(theirs.relocations(), ours.relocations(), remedy);
        assertEquals(theirs.maps(), ours.maps(), remedy);
        assertEquals(
                List.of(theirs.programName(), theirs.license()),
                List.of(ours.programName(), ours.license()),
                remedy);
    }
}
