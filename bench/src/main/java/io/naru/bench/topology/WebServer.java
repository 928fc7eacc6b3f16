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
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A real nginx in a namespace that says who it is in the header {@code X-Backend} and serves a
 * large file at {@code /big}; what is put at {@code /put/NAME} it keeps.
 */
public final class WebServer {
    private static final String MORE = "more.conf";

    private final Namespace host;
    private final String name;
    private final Path directory;
    private Process process;

    /**
     * @param ports to listen on, at all of the host's addresses.
     * @param bigFileBytes size of {@code /big}; its content depends on nothing but its size.
     */
    public WebServer(
            final Namespace host,
            final String name,
            final List<Integer> ports,
            final Path parent,
            final long bigFileBytes) {
        this.host = host;
        this.name = name;
        directory = parent.resolve("web-" + name);
        try {
            Files.createDirectories(directory.resolve("put"));
            writeBigFile(directory.resolve("big"), bigFileBytes);
            Files.writeString(directory.resolve("nginx.conf"), configuration(ports));
            Files.writeString(directory.resolve(MORE), "");
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

    /**
     * Serves these blocks of nginx's configuration too, in place of those that were given before.
     */
    public void configure(final String blocks) {
        try {
            Files.writeString(directory.resolve(MORE), blocks);
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        }

        if (process != null && process.isAlive()) {
            Command.run(List.of("kill", "-HUP", String.valueOf(process.pid())));
        }
    }

    /** Ends it as a crash would: connections are reset, the port refuses. */
    public void kill() {
        processes().forEach(ProcessHandle::destroyForcibly);
        try {
            process.waitFor(5, TimeUnit.SECONDS);
        } catch (final InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
    }

    /** Where its files are. */
    public Path directory() {
        return directory;
    }

    /** Its process and those that it started; empty before it was started. */
    public List<ProcessHandle> processes() {
        if (process == null) {
            return List.of();
        }

        // The master first: it would start a new worker in place of a dead one.
        return Stream.concat(Stream.of(process.toHandle()), process.descendants()).toList();
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

    /** A file that a client has put at {@code /put/NAME}. */
    public Path received(final String file) {
        return directory.resolve("put").resolve(file);
    }

    private String configuration(final List<Integer> ports) {
        final String listens =
                ports.stream()
                        .map(
                                port ->
                                        "        listen %1$d backlog=4096; listen [::]:%1$d ipv6only=on backlog=4096;%n"
                                                .formatted(port))
                        .collect(Collectors.joining());
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
            include %1$s/%4$s;
            server {
        %2$s
                root %1$s;
                add_header X-Backend %3$s;
                client_max_body_size 0;
                location = / { return 200 "hello $remote_addr, this is %3$s\\n"; }
                location /put/ { dav_methods PUT; }
            }
        }
        """
                .formatted(directory, listens, name, MORE);
    }
}
