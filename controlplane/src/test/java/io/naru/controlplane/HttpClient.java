package io.naru.controlplane;

import io.naru.controlplane.json.Json;
import io.naru.controlplane.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Sends whatever bytes a test wants to a Unix socket. */
public final class HttpClient {
    /** An answer. */
    public record Answer(int status, String head, JsonObject body) {}

    private final Path socket;

    public HttpClient(final Path socket) {
        this.socket = socket;
    }

    public Answer get(final String path) throws IOException {
        return send("GET", path, "");
    }

    public Answer send(final String method, final String path, final String body)
            throws IOException {
        final byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        return parse(
                raw(
                        method
                                + " "
                                + path
                                + " HTTP/1.1\r\nHost: naru\r\nConnection: close\r\nContent-Length: "
                                + bytes.length
                                + "\r\n\r\n"
                                + body));
    }

    /** Sends text as it is and returns everything that comes until the other end closes. */
    public String raw(final String text) throws IOException {
        try (SocketChannel channel = open()) {
            final ByteBuffer request = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            try {
                while (request.hasRemaining()) {
                    channel.write(request);
                }
            } catch (final IOException closedEarly) {
                // what it said before it closed is read below
            }
            return readAll(channel);
        }
    }

    public SocketChannel open() throws IOException {
        final SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(UnixDomainSocketAddress.of(socket));
        return channel;
    }

    public static String readAll(final SocketChannel channel) throws IOException {
        final ByteArrayOutputStream answer = new ByteArrayOutputStream();
        final ByteBuffer buffer = ByteBuffer.allocate(65_536);
        try {
            while (channel.read(buffer) >= 0) {
                answer.write(buffer.array(), 0, buffer.position());
                buffer.clear();
            }
        } catch (final IOException reset) {
            // closed with our bytes unread: what came before that counts
        }

        return answer.toString(StandardCharsets.UTF_8);
    }

    public static Answer parse(final String response) {
        final int end = response.indexOf("\r\n\r\n");
        if (end < 0) {
            throw new AssertionError("no HTTP response: '" + response + "'");
        }
        return new Answer(
                Integer.parseInt(response.substring(9, 12)),
                response.substring(0, end),
                Json.parseObject(response.substring(end + 4)));
    }
}
