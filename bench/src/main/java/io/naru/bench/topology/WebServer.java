package io.naru.bench.topology;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * A real nginx in a namespace that says who it is in the header {@code X-Backend} and serves a
 * large file at {@code /big}.
 */
public final class WebServer {
    private final Namespace host;
    private final String name;
    private final int port;
    private final Path directory;
    private Process process;

    /**
     * @param listen address to listen on; a VIP for direct server return.
     * @param bigFileBytes size of {@code /big}; its content depends on nothing but its size.
     */
    public WebServer(
            final Namespace host,
            final String name,
            final String listen,
            final int port,
            final Path parent,
            final long bigFileBytes) {
        this.host = host;
        this.name = name;
        this.port = port;
        directory = parent.resolve("web-" + name);
        try {
            Files.createDirectories(directory);
            writeBigFile(directory.resolve("big"), bigFileBytes);
            Files.writeString(directory.resolve("nginx.conf"), configuration(listen));
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    public Namespace host() {
        return host;
    }

    public String name() {
        return name;
    }

    public int port() {
        return port;
    }

    public void start() {
        process =
                host.start(
                        directory.resolve("nginx.log"),
                        Map.of(),
                        List.of(
                                "nginx",
                                "-p",
                                directory.toString(),
                                "-c",
                                directory.resolve("nginx.conf").toString(),
                                "-e",
                                directory.resolve("error.log").toString()));
    }

    /** Ends it as a crash would: connections are reset, the port refuses. */
    public void kill() {
        // The master first: it would start a new worker in place of a dead one.
        final List<ProcessHandle> workers = process.descendants().toList();
        process.destroyForcibly();
        workers.forEach(ProcessHandle::destroyForcibly);
        try {
            process.waitFor(5, TimeUnit.SECONDS);
        } catch (final InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
    }

    /** The file that {@code /big} serves. */
    public Path bigFile() {
        return directory.resolve("big");
    }

    private static void writeBigFile(final Path file, final long sizeBytes) throws IOException {
        final byte[] block = new byte[1 << 16];
        final Random random = new Random(sizeBytes);
        try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
            for (long written = 0; written < sizeBytes; written += block.length) {
                random.nextBytes(block);
                out.write(block, 0, (int) Math.min(block.length, sizeBytes - written));
            }
        }
    }

    private String configuration(final String listen) {
        return """
        daemon off;
        user root;
        worker_processes 1;
        pid %1$s/nginx.pid;
        events { worker_connections 4096; }
        http {
            access_log %1$s/access.log;
            client_body_temp_path %1$s/body;
            proxy_temp_path %1$s/proxy;
            fastcgi_temp_path %1$s/fastcgi;
            uwsgi_temp_path %1$s/uwsgi;
            scgi_temp_path %1$s/scgi;
            server {
                listen %2$s:%3$d backlog=4096;
                root %1$s;
                add_header X-Backend %4$s;
                location = / { return 200 "hello $remote_addr, this is %4$s\\n"; }
            }
        }
        """
                .formatted(directory, listen, port, name);
    }
}
