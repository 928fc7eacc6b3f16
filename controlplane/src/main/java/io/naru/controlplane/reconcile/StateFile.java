package io.naru.controlplane.reconcile;

import io.naru.controlplane.events.Actor;
import io.naru.controlplane.json.Json;
import io.naru.controlplane.json.JsonException;
import io.naru.controlplane.json.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Set;

/**
 * What a control plane leaves to the next one, {@code control.json} in the run directory: the
 * overrides and the configuration that was applied last.
 *
 * <p>Always replaced whole by a rename, so that a crash leaves the old one or the new one.
 */
public final class StateFile {
    public static final String FILE_NAME = "control.json";

    private static final String API_VERSION = "naru/v1";

    /**
     * What is kept.
     *
     * @param revision of the configuration that was applied last.
     * @param source its name.
     * @param text of it.
     * @param fileHash {@link AppliedConfig#hash} of the file given at start, as it was at the last
     *     apply: as long as it stays the same, what was applied last is in force after a restart.
     * @param by who applied it, or null.
     */
    public record Saved(
            long revision,
            String source,
            String text,
            String fileHash,
            long atMs,
            Actor by,
            List<OperatorOverride> overrides) {}

    private final Path path;

    public StateFile(final Path runDirectory) {
        path = runDirectory.resolve(FILE_NAME);
    }

    /**
     * Reads what was saved.
     *
     * @return null if nothing was.
     * @throws IOException if it cannot be read or is damaged.
     */
    public Saved read() throws IOException {
        final String text;
        try {
            text = Files.readString(path);
        } catch (final NoSuchFileException nothingSaved) {
            return null;
        }

        try {
            final JsonObject json = Json.parseObject(text);
            if (!API_VERSION.equals(json.string("apiVersion"))) {
                throw new IOException(path + " is of another version of Naru");
            }
            final JsonObject by = json.object("by");
            return new Saved(
                    json.number("revision", 0),
                    json.string("source", "?"),
                    json.string("text", ""),
                    json.string("fileHash", ""),
                    Instant.parse(json.string("at", "")).toEpochMilli(),
                    by == null ? null : Actor.fromJson(by),
                    json.objects("overrides").stream().map(OperatorOverride::fromJson).toList());
        } catch (final JsonException | DateTimeParseException e) {
            throw new IOException(path + " is damaged: " + e.getMessage());
        }
    }

    /** Saves in place of what was saved before. */
    public void write(final Saved saved) throws IOException {
        final JsonObject json =
                new JsonObject()
                        .put("apiVersion", API_VERSION)
                        .put("revision", saved.revision())
                        .put("source", saved.source())
                        .put("at", Instant.ofEpochMilli(saved.atMs()).toString())
                        .putIfPresent("by", saved.by() == null ? null : saved.by().toJson())
                        .put("fileHash", saved.fileHash())
                        .put(
                                "overrides",
                                saved.overrides().stream().map(OperatorOverride::toJson).toList())
                        .put("text", saved.text());
        final Path fresh = path.resolveSibling(FILE_NAME + ".new");
        Files.deleteIfExists(fresh);
        try (FileChannel channel =
                FileChannel.open(
                        fresh,
                        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rw-r-----")))) {
            final ByteBuffer bytes =
                    ByteBuffer.wrap((Json.pretty(json) + "\n").getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE);
    }
}
