package io.naru.dataplane.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.naru.dataplane.protocol.ServiceSpec.Timeouts;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandFileTest {
    private static final DesiredState STATE =
            new DesiredState(
                    7,
                    List.of("web", "empty"),
                    List.of(
                            new BackendSpec(
                                    "web",
                                    "s1",
                                    IpAddress.parse("10.2.0.1"),
                                    8080,
                                    100,
                                    BackendState.UP),
                            new BackendSpec(
                                    "web",
                                    "s2",
                                    IpAddress.parse("10.2.0.2"),
                                    0,
                                    1,
                                    BackendState.DRAIN)),
                    List.of(
                            new ServiceSpec(
                                    "web",
                                    IpAddress.parse("192.0.2.10"),
                                    Protocol.TCP,
                                    80,
                                    80,
                                    Mode.NAT,
                                    Algorithm.MAGLEV,
                                    "web",
                                    new Timeouts(1, 2, 3, 4))));

    @TempDir private Path directory;
    private Path file;
    private byte[] bytes;

    @BeforeEach
    void writeFile() throws IOException {
        final ByteArrayOutputStream output = new ByteArrayOutputStream();
        CommandFile.write(STATE, output);
        bytes = output.toByteArray();
        file = directory.resolve("commands");
    }

    @Test
    void shouldReadWhatItWrote() throws IOException {
        Files.write(file, bytes);

        assertEquals(STATE, CommandFile.read(file));
    }

    @Test
    void shouldRefuseAFileThatIsCutOffAnywhere() throws IOException {
        for (int length = 0; length < bytes.length; length++) {
            Files.write(file, Arrays.copyOf(bytes, length));

            final IOException refusal =
                    assertThrows(IOException.class, () -> CommandFile.read(file));
            assertEquals(
                    0, refusal.getMessage().indexOf("cannot use " + file), refusal.getMessage());
        }
    }

    @Test
    void shouldSayWhatIsWrong() throws IOException {
        assertRefused("it is cut off, or not a file of commands", "services: []\n".getBytes(UTF_8));
        assertRefused("it does not end with COMMIT_CONFIG", new byte[0]);
        assertRefused("there is no command of type 99", record(99, 8));
        assertRefused("COMMIT_CONFIG must be 8 bytes long, not 9", record(5, 9));
        assertRefused("it does not begin with BEGIN_CONFIG", record(5, 8));
        assertRefused("PING is no part of a configuration", record(9, 16));
        assertRefused("it holds more than one configuration", twice(bytes));
    }

    @Test
    void shouldRefuseAFileThatIsNotThere() {
        final IOException refusal = assertThrows(IOException.class, () -> CommandFile.read(file));

        assertEquals("cannot read " + file + ": there is no such file", refusal.getMessage());
    }

    private void assertRefused(final String text, final byte[] content) throws IOException {
        Files.write(file, content);

        final IOException refusal = assertThrows(IOException.class, () -> CommandFile.read(file));
        assertEquals("cannot use " + file + ": " + text, refusal.getMessage());
    }

    private static byte[] record(final int typeId, final int length) {
        final byte[] record = new byte[8 + length];
        record[0] = (byte) typeId;
        record[4] = (byte) length;

        return record;
    }

    private static byte[] twice(final byte[] bytes) {
        final byte[] both = Arrays.copyOf(bytes, bytes.length * 2);
        System.arraycopy(bytes, 0, both, bytes.length, bytes.length);

        return both;
    }
}
