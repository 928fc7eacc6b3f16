package io.naru.bench.system;

import io.naru.bench.topology.Namespace;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Connections of one client to a web server that stay open, each for many requests. */
final class OpenConnections implements AutoCloseable {
    /** For each line that it reads: a request on all of them, and a line of what became of each. */
    private static final String PROGRAM =
            """
            import selectors, socket, sys, time
            host, port, count, patience = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
            open_ = [socket.create_connection((host, port), 10) for _ in range(count)]
            for line in sys.stdin:
                waiting, fate, heard = selectors.DefaultSelector(), {}, {}
                for s in open_:
                    s.setblocking(False)
                    try:
                        s.sendall(b"GET / HTTP/1.1\\r\\nHost: test\\r\\n\\r\\n")
                        waiting.register(s, selectors.EVENT_READ)
                        heard[s] = b""
                    except OSError:
                        fate[s] = "reset"
                end = time.monotonic() + patience
                while waiting.get_map() and time.monotonic() < end:
                    for key, _ in waiting.select(end - time.monotonic()):
                        s = key.fileobj
                        try:
                            data = s.recv(4096)
                        except OSError:
                            data, fate[s] = b"", "reset"
                        heard[s] += data
                        head, _, body = heard[s].partition(b"\\r\\n\\r\\n")
                        if body.endswith(b"\\n"):
                            name = head.lower().split(b"x-backend: ")[1].split(b"\\r\\n")[0]
                            fate[s] = name.decode() + "/" + body.split(b",")[0].split()[1].decode()
                        elif not data:
                            fate.setdefault(s, "closed")
                        else:
                            continue
                        waiting.unregister(s)
                print(" ".join(fate.get(s, "silent") for s in open_), flush=True)
            """;

    private final Process process;
    private final BufferedWriter input;
    private final BufferedReader output;

    /**
     * What became of a request.
     *
     * @param server the name of the one that answered; or {@code reset}, {@code closed}, {@code
     *     silent}.
     * @param client the address that it saw; empty if it did not answer.
     */
    record Answer(String server, String client) {
        boolean isGood() {
            return !client.isEmpty();
        }
    }

    /**
     * Opens {@code count} of them.
     *
     * @param patienceSeconds after which a request counts as not answered.
     */
    OpenConnections(
            final Namespace client,
            final Path errors,
            final String address,
            final int port,
            final int count,
            final int patienceSeconds) {
        process =
                client.startPiped(
                        errors,
                        List.of(
                                "python3",
                                "-c",
                                PROGRAM,
                                address,
                                String.valueOf(port),
                                String.valueOf(count),
                                String.valueOf(patienceSeconds)));
        input =
                new BufferedWriter(
                        new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
        output =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /** Makes a request on each of them, whatever became of the one before. */
    List<Answer> ask() {
        try {
            input.write("\n");
            input.flush();
            final String line = output.readLine();
            if (line == null) {
                throw new IllegalStateException("the client has ended: could it not connect?");
            }

            return Stream.of(line.split(" "))
                    .map(each -> each.split("/"))
                    .map(parts -> new Answer(parts[0], parts.length > 1 ? parts[1] : ""))
                    .toList();
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** Closes them as the end of a program does. */
    @Override
    public void close() {
        process.destroy();
    }
}
