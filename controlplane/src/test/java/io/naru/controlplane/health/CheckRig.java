package io.naru.controlplane.health;

import io.naru.controlplane.health.way.Ways;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** Makes attempts of any kind at servers of a test, which it ends in the end. */
final class CheckRig implements AutoCloseable {
    /** A server's side of one connection; it is closed afterwards. */
    @FunctionalInterface
    interface Serving {
        void serve(InputStream in, OutputStream out, Socket socket) throws IOException;
    }

    private final MultiThreadIoEventLoopGroup group =
            new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    private final Ways ways = new Ways();
    private final Checks checks = new Checks(group.next(), ways);
    private final List<ServerSocket> servers = new CopyOnWriteArrayList<>();

    EventLoop eventLoop() {
        return group.next();
    }

    Checks checks() {
        return checks;
    }

    /** A server on loopback, and its port; each connection is served on a thread. */
    int serve(final Serving serving) {
        final ServerSocket server = listen();
        start(
                () -> {
                    while (!server.isClosed()) {
                        final Socket socket = server.accept();
                        start(
                                () -> {
                                    try (socket) {
                                        serving.serve(
                                                socket.getInputStream(),
                                                socket.getOutputStream(),
                                                socket);
                                    }
                                });
                    }
                });
        return server.getLocalPort();
    }

    /** A socket that listens and is never accepted from. */
    ServerSocket listen() {
        return listen(1_024);
    }

    ServerSocket listen(final int backlog) {
        try {
            final ServerSocket server =
                    new ServerSocket(0, backlog, InetAddress.getLoopbackAddress());
            servers.add(server);
            return server;
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Serves one HTTP response to each request that comes, then closes. */
    int serveHttp(final String response) {
        return serve(
                (in, out, socket) -> {
                    readHead(in);
                    out.write(response.getBytes(StandardCharsets.ISO_8859_1));
                    out.flush();
                });
    }

    /** The head of a request, with its empty line. */
    static String readHead(final InputStream in) throws IOException {
        final StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            final int next = in.read();
            if (next < 0) {
                break;
            }
            head.append((char) next);
        }

        return head.toString();
    }

    private interface Task {
        void run() throws IOException;
    }

    private static void start(final Task task) {
        final Thread thread =
                new Thread(
                        () -> {
                            try {
                                task.run();
                            } catch (final IOException e) {
                                // the check or the test has closed it
                            }
                        },
                        "test-server");
        thread.setDaemon(true);
        thread.start();
    }

    CheckTarget target(final CheckSpec spec, final int port, final long timeoutMs) {
        return target(
                spec, new InetSocketAddress(InetAddress.getLoopbackAddress(), port), timeoutMs);
    }

    static CheckTarget target(
            final CheckSpec spec, final InetSocketAddress address, final long timeoutMs) {
        return new CheckTarget(
                spec,
                address,
                CheckTiming.every(
                        TimeUnit.SECONDS.toNanos(60),
                        TimeUnit.MILLISECONDS.toNanos(timeoutMs),
                        2,
                        3));
    }

    /** One attempt, to its end. */
    CheckResult attempt(final CheckTarget target) throws Exception {
        final CompletableFuture<CheckResult> future = new CompletableFuture<>();
        eventLoop().execute(() -> checks.attempt(target, future::complete));
        return future.get(30, TimeUnit.SECONDS);
    }

    CheckResult attempt(final CheckSpec spec, final int port, final long timeoutMs)
            throws Exception {
        return attempt(target(spec, port, timeoutMs));
    }

    @Override
    public void close() throws IOException {
        for (final ServerSocket server : servers) {
            server.close();
        }
        eventLoop()
                .submit(
                        () -> {
                            checks.close();
                            ways.close();
                        })
                .syncUninterruptibly();
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }
}
