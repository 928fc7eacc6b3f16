package io.naru.controlplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.controlplane.HttpClient.Answer;
import io.naru.controlplane.config.ConfigException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How a control plane starts, and what it refuses to start with. */
class ControlPlaneTest extends ControlPlaneFixture {
    @Test
    void shouldRefuseABadFileAtStart() throws Exception {
        Files.writeString(instance.configFile(), "interfaces: [eth0]\nservices: 7\n");

        final ConfigException e = assertThrows(ConfigException.class, instance::start);

        assertTrue(e.getMessage().contains("naru.yaml:2:11: error"), e.getMessage());
    }

    @Test
    void shouldEndWithTheExitCodesThatSystemdKnows() throws Exception {
        final String runDirectory = instance.runDirectory().toString();
        Files.writeString(instance.configFile(), "services: 7\n");

        assertEquals(78, ControlPlane.run(List.of()), "which configuration?");
        assertEquals(78, ControlPlane.run(List.of("--config", "x")), "unknown option");
        assertEquals(
                78, ControlPlane.run(List.of("-c", "/nonexistent", "--run-dir", runDirectory)));
        assertEquals(
                78,
                ControlPlane.run(
                        List.of(
                                "-c",
                                instance.configFile().toString(),
                                "--run-dir",
                                runDirectory)));
        assertEquals(
                1,
                ControlPlane.run(
                        List.of(
                                "-c",
                                instance.configFile().toString(),
                                "--run-dir",
                                instance.configFile().toString())),
                "the run directory is a file");
    }

    @Test
    void shouldRefuseARunDirectoryInUse() throws Exception {
        instance.start();
        final Instance second = new Instance(directory, check);

        final IOException e = assertThrows(IOException.class, second::start);

        assertEquals(
                "run directory "
                        + instance.runDirectory()
                        + " is in use: another control plane runs there; stop it, or choose another"
                        + " one with --run-dir",
                e.getMessage());
        assertEquals(200, instance.get("/v1/status").status(), "the first one goes on");
    }

    @Test
    void shouldReplaceTheSocketOfADeadProcessAndRefuseALiveOne() throws Exception {
        final Path socket = instance.runDirectory().resolve("naru.sock");
        try (ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            other.bind(UnixDomainSocketAddress.of(socket));
            final IOException e = assertThrows(IOException.class, instance::start);
            assertTrue(e.getMessage().contains("naru.sock is in use"), e.getMessage());
        }

        instance = new Instance(directory, check).start();

        assertEquals(200, instance.get("/v1/status").status());
        assertEquals(
                "rw-rw----", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)));
    }

    @Test
    void shouldStartInSpiteOfADamagedStateFile() throws Exception {
        Files.writeString(instance.runDirectory().resolve("control.json"), "{\"apiVersion\":");

        instance.start();

        instance.awaitEvent("overrides and the configuration applied last are lost");
    }

    @Test
    void shouldSayThatItIsBusyAndNotThatThereIsNoDataPlane() throws Exception {
        final String question = "/v1/explain?client=198.51.100.7:1024&vip=192.0.2.10:80";
        startInSync();
        dataPlane.ignorePackets();
        final List<SocketChannel> waiting = new ArrayList<>();
        try {
            for (int i = 0; i < 3; i++) {
                final SocketChannel channel = instance.client().open();
                waiting.add(channel);
                channel.write(
                        StandardCharsets.UTF_8.encode(
                                "GET " + question + " HTTP/1.1\r\nHost: naru\r\n\r\n"));
            }
            Await.until(() -> dataPlane.packetsAsked() == 3, () -> "three are asked");

            final Answer answer = instance.get(question);

            assertEquals(503, answer.status());
            assertEquals("no answer", answer.body().string("title"));
            assertEquals(
                    "no answer: 3 questions about packets are being answered already",
                    answer.body().string("detail"));
            assertEquals("try again", answer.body().string("hint"));
        } finally {
            for (final SocketChannel channel : waiting) {
                channel.close();
            }
        }
    }
}
