package io.naru.dataplane.replay;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.CommandFile;
import io.naru.dataplane.protocol.DesiredState;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.ServiceSpec;
import io.naru.dataplane.protocol.ServiceSpec.Timeouts;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Replays the captures of src/test/resources/replay, which make.py makes with scapy. */
class ReplayTest {
    private static final Path CAPTURES = Path.of("src/test/resources/replay");
    private static final DesiredState NAT =
            new DesiredState(
                    1,
                    List.of("web", "dns"),
                    List.of(
                            backend("web", "s1", "10.2.0.1", 8080),
                            backend("web", "s2", "10.2.0.2", 8080),
                            backend("dns", "d1", "10.2.0.3", 0)),
                    List.of(
                            service("web", Protocol.TCP, 80, Mode.NAT, "web"),
                            service("dns", Protocol.UDP, 53, Mode.NAT, "dns")));
    private static final DesiredState DSR =
            new DesiredState(
                    1,
                    List.of("web"),
                    List.of(
                            backend("web", "s1", "192.0.2.21", 0),
                            backend("web", "s2", "192.0.2.22", 0)),
                    List.of(service("web", Protocol.TCP, 80, Mode.DSR_L2, "web")));

    @TempDir private Path directory;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @ParameterizedTest
    @CsvSource({"nat", "dsr"})
    void shouldSendWhatScapySaysBitForBit(final String scenario) throws IOException {
        final Path output = directory.resolve("out.pcap");

        assertEquals(Replay.OK, replay(scenario, "-w", output.toString()), err.toString(UTF_8));

        assertArrayEquals(
                Files.readAllBytes(CAPTURES.resolve(scenario + ".out.pcap")),
                Files.readAllBytes(output));
    }

    @Test
    void shouldSayWhatBecameOfEachKindOfPacketAndWhy() throws IOException {
        replay("nat");

        assertEquals(Files.readString(CAPTURES.resolve("nat.txt")), out.toString(UTF_8));
    }

    @Test
    void shouldSayTheSameAsJson() throws IOException {
        replay("dsr", "-o", "json");

        assertEquals(Files.readString(CAPTURES.resolve("dsr.json")), out.toString(UTF_8));
    }

    @Test
    void shouldRefuseACaptureThatIsCutOff() throws IOException {
        final byte[] whole = Files.readAllBytes(CAPTURES.resolve("nat.in.pcap"));
        final Path cut = directory.resolve("cut.pcap");
        final Path output = directory.resolve("out.pcap");
        try (OutputStream stream = Files.newOutputStream(cut)) {
            stream.write(whole, 0, whole.length - 1);
        }

        final int exitCode =
                run(cut.toString(), "--commands", commands(NAT), "-w", output.toString());

        assertEquals(Replay.FAILED, exitCode);
        assertTrue(
                err.toString(UTF_8).startsWith("naru replay: cannot use " + cut + ": broken after"),
                err.toString(UTF_8));
        assertTrue(Files.notExists(output), "nothing is written");
    }

    @Test
    void shouldSayWhatIsWrongWithTheArguments() {
        assertUsage("which capture?");
        assertUsage("which configuration? -c FILE", "in.pcap");
        assertUsage("-w needs a value", "in.pcap", "-w");
        assertUsage("there is no option --fast", "in.pcap", "--fast", "yes");
        assertUsage("the output is table or json, not xml", "in.pcap", "-o", "xml");
        assertUsage("one capture at a time, not a.pcap and b.pcap", "a.pcap", "b.pcap");
    }

    @Test
    void shouldHelp() {
        assertEquals(Replay.OK, run("--help"));
        assertTrue(out.toString(UTF_8).startsWith("usage: naru replay CAPTURE"));
    }

    private void assertUsage(final String text, final String... args) {
        err.reset();
        assertEquals(Replay.USAGE, run(args));
        assertEquals(
                "naru replay: " + text + "; naru replay --help tells more\n", err.toString(UTF_8));
    }

    private int replay(final String scenario, final String... more) throws IOException {
        final String[] args = new String[3 + more.length];
        args[0] = CAPTURES.resolve(scenario + ".in.pcap").toString();
        args[1] = "--commands";
        args[2] = commands(scenario.equals("nat") ? NAT : DSR);
        System.arraycopy(more, 0, args, 3, more.length);

        return run(args);
    }

    private int run(final String... args) {
        return Replay.run(
                args, new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8));
    }

    private String commands(final DesiredState state) throws IOException {
        final Path file = directory.resolve("commands");
        try (OutputStream stream = Files.newOutputStream(file)) {
            CommandFile.write(state, stream);
        }

        return file.toString();
    }

    private static BackendSpec backend(
            final String pool, final String name, final String address, final int port) {
        return new BackendSpec(pool, name, IpAddress.parse(address), port, 100, BackendState.UP);
    }

    private static ServiceSpec service(
            final String name,
            final Protocol protocol,
            final int port,
            final Mode mode,
            final String pool) {
        return new ServiceSpec(
                name,
                IpAddress.parse("192.0.2.10"),
                protocol,
                port,
                port,
                mode,
                Algorithm.RR,
                pool,
                Timeouts.DEFAULT);
    }
}
