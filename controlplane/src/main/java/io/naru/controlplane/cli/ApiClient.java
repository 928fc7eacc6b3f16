package io.naru.controlplane.cli;

import io.naru.controlplane.json.Json;
import io.naru.controlplane.json.JsonException;
import io.naru.controlplane.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.URLEncoder;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Talks to the control plane: one HTTP request a connection on its Unix socket, with the JDK's own
 * means.
 */
final class ApiClient {
    private static final String SOCKET_NAME = "naru.sock";
    private static final long TIMEOUT_MS = 15_000;
    private static final int MAX_ANSWER_BYTES = 64 << 20;

    private final Path socket;

    ApiClient(final Path runDirectory) {
        socket = runDirectory.resolve(SOCKET_NAME);
    }

    JsonObject get(final String path) {
        return send("GET", path, "");
    }

    /**
     * Sends a request and reads its answer.
     *
     * @throws CliException with the problem's own words, if it is one.
     */
    JsonObject send(final String method, final String path, final String body) {
        final byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        final String head =
                method
                        + " "
                        + path
                        + " HTTP/1.1\r\nHost: naru\r\nConnection: close\r\nContent-Length: "
                        + bytes.length
                        + "\r\n\r\n";
        final ByteBuffer request = ByteBuffer.allocate(head.length() + bytes.length);
        request.put(head.getBytes(StandardCharsets.US_ASCII)).put(bytes).flip();
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            return parse(exchange(channel, request));
        } catch (final IOException | IllegalArgumentException e) {
            throw unreachable(e);
        }
    }

    private String exchange(final SocketChannel channel, final ByteBuffer request)
            throws IOException {
        final long deadlineNs = System.nanoTime() + TIMEOUT_MS * 1_000_000;
        channel.configureBlocking(false);
        final ByteArrayOutputStream answer = new ByteArrayOutputStream();
        final ByteBuffer buffer = ByteBuffer.allocate(64 << 10);
        try (Selector selector = Selector.open()) {
            final SelectionKey key = channel.register(selector, SelectionKey.OP_WRITE);
            while (true) {
                final long leftMs = (deadlineNs - System.nanoTime()) / 1_000_000;
                if (leftMs <= 0 || answer.size() > MAX_ANSWER_BYTES) {
                    throw new CliException(
                            ExitCode.UNREACHABLE,
                            "the control plane did not answer within " + TIMEOUT_MS / 1_000 + " s",
                            "its log says what it does: journalctl -u naru-controlplane");
                }
                selector.select(leftMs);
                selector.selectedKeys().clear();
                if (request.hasRemaining()) {
                    channel.write(request);
                    key.interestOps(
                            request.hasRemaining() ? SelectionKey.OP_WRITE : SelectionKey.OP_READ);
                } else if (channel.read(buffer) < 0) {
                    return answer.toString(StandardCharsets.UTF_8);
                }
                answer.write(buffer.array(), 0, buffer.position());
                buffer.clear();
            }
        }
    }

    private CliException unreachable(final Exception cause) {
        final String reason = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
        if (reason.contains("permission denied")) {
            return new CliException(
                    ExitCode.NOT_PERMITTED,
                    "not permitted to use " + socket,
                    "it is for root and the group of the socket: sudo naru …");
        }

        final boolean isAbsent = reason.contains("no such file");
        return new CliException(
                ExitCode.UNREACHABLE,
                "no control plane answers at "
                        + socket
                        + (isAbsent ? "" : ": " + cause.getMessage()),
                "start it with: naru controlplane -c FILE; another instance: --run-dir DIR");
    }

    private static JsonObject parse(final String response) {
        final int headEnd = response.indexOf("\r\n\r\n");
        try {
            if (headEnd > 0 && response.startsWith("HTTP/1.1 ")) {
                final int status = Integer.parseInt(response.substring(9, 12));
                final JsonObject json = Json.parseObject(response.substring(headEnd + 4));
                if (status >= 400) {
                    throw problem(status, json);
                }
                return json;
            }
        } catch (final JsonException | NumberFormatException e) {
            // said below
        }

        throw new CliException(
                ExitCode.UNREACHABLE,
                "the control plane's answer is damaged or cut short",
                "is the CLI of the same version?");
    }

    /** A refused configuration brings its report, which says more than the problem itself. */
    private static CliException problem(final int status, final JsonObject json) {
        final String report = json.string("report");
        return new CliException(
                exitCode(status),
                report == null
                        ? json.string("detail", "refused with status " + status)
                        : json.string("detail") + "\n" + report.stripTrailing(),
                json.string("hint"));
    }

    private static int exitCode(final int status) {
        return switch (status) {
            case 400, 405 -> ExitCode.USAGE;
            case 403 -> ExitCode.NOT_PERMITTED;
            case 409 -> ExitCode.CONFLICT;
            case 413, 422 -> ExitCode.REFUSED;
            case 503 -> ExitCode.UNREACHABLE;
            default -> ExitCode.NO;
        };
    }

    /** A name as a segment of a path or as a parameter's value. */
    static String encoded(final String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** {@code pool/backend} as two segments, or a name alone. */
    static String encodedPath(final String name) {
        final int slash = name.indexOf('/');
        return slash < 0
                ? encoded(name)
                : encoded(name.substring(0, slash)) + "/" + encoded(name.substring(slash + 1));
    }
}
