package io.naru.controlplane.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.controlplane.health.CheckResult.Outcome;
import io.naru.controlplane.health.way.Ways;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class TcpCheckTest {
    private static final MultiThreadIoEventLoopGroup GROUP =
            new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    private static final EventLoop LOOP = GROUP.next();

    private final TcpCheck check = new TcpCheck(new CheckSockets(LOOP, new Ways()));

    @AfterAll
    static void stop() {
        GROUP.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    @Test
    void shouldPassWhenTheBackendAcceptsAndResetTheConnection() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 16, InetAddress.getLoopbackAddress())) {
            final CheckResult result = attempt(server.getLocalPort(), 1_000);

            assertEquals(Outcome.PASSED, result.outcome(), result.reason());
            assertTrue(result.reason().matches("connected in [\\d.]+ ms"), result.reason());
            try (Socket socket = server.accept()) {
                final SocketException e =
                        assertThrows(SocketException.class, () -> socket.getInputStream().read());
                assertTrue(e.getMessage().contains("reset"), e.getMessage());
            }
        }
    }

    @Test
    void shouldSayThatTheConnectionWasRefused() throws Exception {
        final int port;
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = server.getLocalPort();
        }

        final CheckResult result = attempt(port, 1_000);

        assertEquals(Outcome.FAILED, result.outcome());
        assertTrue(result.reason().matches("connect refused after [\\d.]+ ms"), result.reason());
    }

    @Test
    void shouldTryAsOftenAsItIsAsked() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 16, InetAddress.getLoopbackAddress())) {
            for (int i = 0; i < 5; i++) {
                assertEquals(
                        Outcome.PASSED, attempt(server.getLocalPort(), 1_000).outcome(), "at " + i);
            }
        }
    }

    @Test
    void shouldSayThatNoAnswerCameInTime() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            final List<Socket> fillers = fillBacklog(server);

            final CheckResult result = attempt(server.getLocalPort(), 100);

            assertEquals(Outcome.FAILED, result.outcome());
            assertEquals("no answer within 100 ms", result.reason());
            for (final Socket filler : fillers) {
                filler.close();
            }
        }
    }

    @Test
    void shouldWriteDurationsForPeople() {
        assertEquals("0.007 ms", CheckTarget.words(7_900));
        assertEquals("0.042 ms", CheckTarget.words(42_000));
        assertEquals("0.3 ms", CheckTarget.words(312_000));
        assertEquals("2 ms", CheckTarget.words(2_000_000));
        assertEquals("250 ms", CheckTarget.words(250_900_000));
        assertEquals("1 s", CheckTarget.words(1_000_000_000));
        assertEquals("1.5 s", CheckTarget.words(1_500_000_000));
    }

    /** Connects until the kernel's queue of the listener is full and answers no more SYN. */
    private static List<Socket> fillBacklog(final ServerSocket server) throws IOException {
        final List<Socket> fillers = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            final Socket socket = new Socket();
            fillers.add(socket);
            try {
                socket.connect(
                        new InetSocketAddress(
                                InetAddress.getLoopbackAddress(), server.getLocalPort()),
                        50);
            } catch (final IOException full) {
                return fillers;
            }
        }

        throw new AssertionError("the backlog never filled");
    }

    private CheckResult attempt(final int port, final long timeoutMs) throws Exception {
        final CompletableFuture<CheckResult> future = new CompletableFuture<>();
        final CheckTarget target =
                new CheckTarget(
                        CheckSpec.Tcp.CONNECT,
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                        CheckTiming.every(
                                TimeUnit.SECONDS.toNanos(2),
                                TimeUnit.MILLISECONDS.toNanos(timeoutMs),
                                2,
                                3));
        LOOP.execute(() -> check.attempt(target, future::complete));
        return future.get(10, TimeUnit.SECONDS);
    }
}
