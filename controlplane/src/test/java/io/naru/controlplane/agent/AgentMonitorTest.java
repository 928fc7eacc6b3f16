package io.naru.controlplane.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.controlplane.health.VirtualTimers;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class AgentMonitorTest {
    private static final long SECOND = 1_000_000_000L;

    /** Answers that the test decides, by address; a call to one without is never answered. */
    private final Map<AgentTarget, String> lines = new HashMap<>();

    private final List<String> news = new ArrayList<>();
    private final VirtualTimers clock = new VirtualTimers();
    private final AgentMonitor<String> monitor =
            new AgentMonitor<>(
                    (target, answer) -> {
                        final String line = lines.get(target);
                        if (line == null) {
                            answer.onAnswer(null, "said nothing in time");
                        } else {
                            answer.onAnswer(line, null);
                        }
                    },
                    clock,
                    new Random(1),
                    (backend, text, isChange) ->
                            news.add(backend + (isChange ? "! " : ": ") + text));

    @Test
    void shouldTellWhatAnAgentSaysOnce() {
        lines.put(target(1), "50% drain");
        monitor.replace(Map.of("web/s1", target(1)));

        clock.advance(20_000);

        assertEquals(List.of("web/s1! its agent says 50%, drain (was ready)"), news);
        assertEquals("50%, drain", monitor.state("web/s1").toString());
        assertEquals("50%, drain, at 127.0.0.1:1", monitor.words("web/s1"));
        assertNull(monitor.words("web/s2"));
    }

    @Test
    void shouldKeepWhatASilentAgentSaidLast() {
        lines.put(target(1), "drain");
        monitor.replace(Map.of("web/s1", target(1)));
        clock.advance(10_000);
        news.clear();

        lines.remove(target(1));
        clock.advance(20_000);
        assertEquals(
                List.of(
                        "web/s1: its agent at 127.0.0.1:1 said nothing in time; it keeps what it"
                                + " said: drain"),
                news);
        assertEquals("drain", monitor.state("web/s1").toString());

        lines.put(target(1), "drain");
        clock.advance(10_000);
        assertEquals("web/s1: its agent answers again: drain", news.get(1));
    }

    @Test
    void shouldForgetAnAgentThatIsGoneAndKeepOneThatStays() {
        lines.put(target(1), "drain");
        lines.put(target(2), "maint");
        monitor.replace(Map.of("web/s1", target(1), "web/s2", target(2)));
        clock.advance(10_000);

        monitor.replace(Map.of("web/s1", target(1), "web/s2", target(3)));

        assertEquals("drain", monitor.state("web/s1").toString());
        assertEquals(AgentState.SILENT, monitor.state("web/s2"));
    }

    @Test
    void shouldReadALineFromARealAgent() throws Exception {
        assertEquals("up 25%|null", ask(socket -> say(socket, "up 25%\nmore"), ""));
        assertEquals("drain|null", ask(socket -> say(socket, "drain"), ""));
        assertEquals(
                "hello|null",
                ask(
                        socket -> {
                            final byte[] said = socket.getInputStream().readNBytes(6);
                            say(socket, new String(said, StandardCharsets.UTF_8));
                        },
                        "hello\n"));
        assertTrue(ask(socket -> {}, "").startsWith("null|closed the connection and said nothing"));
        assertEquals(
                "null|said more than 1024 bytes without an end of line",
                ask(socket -> say(socket, "x".repeat(5_000)), ""));
        assertEquals(
                "null|said nothing in time", ask(socket -> socket.getInputStream().read(), ""));
    }

    private interface Agent {
        void serve(Socket socket) throws IOException;
    }

    private static void say(final Socket socket, final String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
        socket.getOutputStream().flush();
    }

    private static String ask(final Agent agent, final String send) throws Exception {
        final MultiThreadIoEventLoopGroup group =
                new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            final Thread thread =
                    new Thread(
                            () -> {
                                try (Socket socket = server.accept()) {
                                    agent.serve(socket);
                                } catch (final IOException e) {
                                    assertTrue(server.isBound(), e::toString); // it hung up first
                                }
                            });
            thread.start();
            final EventLoop eventLoop = group.next();
            final CompletableFuture<String> result = new CompletableFuture<>();
            final AgentTarget target =
                    new AgentTarget(
                            (InetSocketAddress) server.getLocalSocketAddress(),
                            send,
                            SECOND,
                            SECOND / 2);
            eventLoop.execute(
                    () ->
                            new AgentCall(eventLoop)
                                    .ask(
                                            target,
                                            (line, problem) ->
                                                    result.complete(
                                                            (line == null
                                                                            ? null
                                                                            : line.lines()
                                                                                    .findFirst()
                                                                                    .orElse(""))
                                                                    + "|"
                                                                    + problem)));
            final String text = result.get(10, TimeUnit.SECONDS);
            thread.join();
            return text;
        } finally {
            group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }

    private static AgentTarget target(final int port) {
        return new AgentTarget(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                "",
                5 * SECOND,
                SECOND);
    }
}
