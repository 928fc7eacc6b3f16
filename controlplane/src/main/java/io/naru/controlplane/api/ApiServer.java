package io.naru.controlplane.api;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.timeout.WriteTimeoutHandler;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * Serves an {@link ApiHandler} on a Unix socket of mode 0660.
 *
 * <p>The socket is bound under another name, given its mode and then renamed into place: nobody can
 * connect before the mode is right, and what a dead process left is replaced in one step. A socket
 * that still answers belongs to a living process and is refused.
 */
@SuppressWarnings("FutureReturnValueIgnored") // closing: there is nobody who could be told
public final class ApiServer implements AutoCloseable {
    /** Bytes of a body; a configuration with as many backends as there may be has half of it. */
    static final int MAX_BODY_BYTES = 8 << 20;

    /** Bytes of the request line. */
    static final int MAX_LINE_BYTES = 8 << 10;

    /** Bytes of all headers. */
    static final int MAX_HEADER_BYTES = 16 << 10;

    /** Connections at a time. */
    static final int MAX_CONNECTIONS = 64;

    /** Seconds in which a request must have come in, and in which an answer must go out. */
    static final int REQUEST_TIMEOUT_S = 10;

    /** Longest path of a Unix socket: sizeof(sun_path) - 1, unix(7). */
    private static final int MAX_PATH_BYTES = 107;

    private final Path path;
    private final Channel channel;

    private ApiServer(final Path path, final Channel channel) {
        this.path = path;
        this.channel = channel;
    }

    /**
     * Starts to serve.
     *
     * @param eventLoop of netty's epoll transport; runs the handler too.
     * @param path of the socket.
     * @param handler answers requests.
     * @param requestTimeoutMs in which a request must have come in.
     * @return the server.
     * @throws IOException saying why the socket could not be had.
     */
    public static ApiServer start(
            final EventLoop eventLoop,
            final Path path,
            final ApiHandler handler,
            final long requestTimeoutMs)
            throws IOException {
        final Path unready = path.resolveSibling(path.getFileName() + ".new");
        final int length = unready.toString().getBytes(StandardCharsets.UTF_8).length;
        if (length > MAX_PATH_BYTES) {
            throw new IOException(
                    "the path of the socket is too long: "
                            + path
                            + " (the kernel takes "
                            + (MAX_PATH_BYTES - 4)
                            + " bytes): choose a shorter --run-dir");
        }
        refuseIfAlive(path);

        Files.deleteIfExists(unready);
        final ConnectionLimit limit = new ConnectionLimit(MAX_CONNECTIONS);
        final Channel channel =
                new ServerBootstrap()
                        .group(eventLoop)
                        .channel(EpollServerDomainSocketChannel.class)
                        .option(ChannelOption.SO_BACKLOG, MAX_CONNECTIONS)
                        .childHandler(
                                new ChannelInitializer<Channel>() {
                                    @Override
                                    protected void initChannel(final Channel connection) {
                                        ApiServer.initialize(
                                                connection, limit, handler, requestTimeoutMs);
                                    }
                                })
                        .bind(new DomainSocketAddress(unready.toString()))
                        .syncUninterruptibly()
                        .channel();
        try {
            Files.setPosixFilePermissions(unready, PosixFilePermissions.fromString("rw-rw----"));
            Files.move(unready, path, StandardCopyOption.ATOMIC_MOVE);
        } catch (final IOException | RuntimeException e) {
            channel.close();
            throw e;
        }

        return new ApiServer(path, channel);
    }

    private static void initialize(
            final Channel connection,
            final ConnectionLimit limit,
            final ApiHandler handler,
            final long requestTimeoutMs) {
        connection
                .pipeline()
                .addLast(
                        new HttpServerCodec(
                                new HttpDecoderConfig()
                                        .setMaxInitialLineLength(MAX_LINE_BYTES)
                                        .setMaxHeaderSize(MAX_HEADER_BYTES)))
                .addLast(new WriteTimeoutHandler(REQUEST_TIMEOUT_S))
                .addLast(new BodyLimit(MAX_BODY_BYTES))
                .addLast(new HttpAdapter(handler, limit, requestTimeoutMs));
    }

    private static void refuseIfAlive(final Path path) throws IOException {
        if (!Files.exists(path)) {
            return;
        }

        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            probe.connect(UnixDomainSocketAddress.of(path));
        } catch (final IOException nobodyListens) {
            return;
        }

        throw new IOException(
                path
                        + " is in use: another control plane answers there; stop it, or choose"
                        + " another --run-dir");
    }

    /** Stops to serve and removes the socket. */
    @Override
    public void close() {
        try {
            Files.deleteIfExists(path);
        } catch (final IOException leftBehind) {
            // a socket that nobody listens on is replaced by the next start
        }
        channel.close();
    }
}
