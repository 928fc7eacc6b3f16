package io.naru.controlplane;

import io.naru.controlplane.HttpClient.Answer;
import io.naru.controlplane.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A control plane in a directory of its own, with scripted checks, as a test drives it. */
public final class Instance implements AutoCloseable {
    public static final String CONFIG =
            """
            interfaces: [eth0, eth1]
            services:
              - name: web
                vip: 192.0.2.10
                port: 80
                pool: web
            pools:
              - name: web
                check: { type: tcp, interval: 100ms, timeout: 50ms, rise: 2, fall: 3 }
                backends:
                  - { name: s1, address: 10.2.0.1, port: 8001 }
                  - { name: s2, address: 10.2.0.2, port: 8002 }
            """;

    private final Path directory;
    private final ScriptedCheck check;
    private ControlPlane controlPlane;

    public Instance(final Path directory, final ScriptedCheck check) throws IOException {
        this.directory = directory;
        this.check = check;
        if (!Files.exists(configFile())) {
            Files.writeString(configFile(), CONFIG);
        }
    }

    public Path configFile() {
        return directory.resolve("naru.yaml");
    }

    public Path runDirectory() {
        return directory.resolve("run");
    }

    public Instance start() throws Exception {
        return start(10_000);
    }

    public Instance start(final long requestTimeoutMs) throws Exception {
        final ControlPlaneContext context =
                new ControlPlaneContext()
                        .configFile(configFile())
                        .runDirectory(runDirectory())
                        .requestTimeoutMs(requestTimeoutMs)
                        .check((eventLoop, ways) -> check.on(eventLoop));
        context.conclude();
        controlPlane = new ControlPlane(context);
        try {
            controlPlane.start();
        } catch (final IOException | RuntimeException e) {
            controlPlane.close();
            throw e;
        }
        return this;
    }

    public ControlPlane controlPlane() {
        return controlPlane;
    }

    public HttpClient client() {
        return new HttpClient(runDirectory().resolve("naru.sock"));
    }

    public Answer get(final String path) throws IOException {
        return client().get(path);
    }

    public Answer send(final String method, final String path, final String body)
            throws IOException {
        return client().send(method, path, body);
    }

    /** {@code up}, {@code drain}, {@code down} or {@code unknown}, as the API shows it. */
    public String state(final String backend) {
        return backend(backend).string("state");
    }

    public JsonObject backend(final String name) {
        try {
            return get("/v1/backends/" + name).body();
        } catch (final IOException e) {
            throw new AssertionError(e);
        }
    }

    public List<String> events() throws IOException {
        return get("/v1/events?limit=1000").body().objects("items").stream()
                .map(event -> event.string("subject") + ": " + event.string("text"))
                .toList();
    }

    public void awaitEvent(final String part) {
        Await.until(
                () -> {
                    try {
                        return events().stream().anyMatch(event -> event.contains(part));
                    } catch (final IOException e) {
                        throw new AssertionError(e);
                    }
                },
                () -> "event '" + part + "' among " + eventsOrNothing());
    }

    private List<String> eventsOrNothing() {
        try {
            return events();
        } catch (final IOException e) {
            return List.of(e.toString());
        }
    }

    @Override
    public void close() {
        if (controlPlane != null) {
            controlPlane.close();
        }
    }
}
