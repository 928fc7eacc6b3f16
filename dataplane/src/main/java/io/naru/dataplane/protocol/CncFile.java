package io.naru.dataplane.protocol;

import static io.naru.dataplane.protocol.CncFileDescriptor.*;

import io.naru.dataplane.protocol.CncFileDescriptor.Region;
import io.naru.dataplane.protocol.CncFileException.Reason;
import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import org.agrona.IoUtil;
import org.agrona.concurrent.AtomicBuffer;
import org.agrona.concurrent.EpochClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.CountersManager;
import org.agrona.concurrent.status.CountersReader;

/**
 * The cnc (command and control) file of one data plane, mapped; {@link CncFileDescriptor} draws it.
 *
 * <p>The data plane {@link #create creates} it and is its one writer, but for the command ring. Any
 * number of clients {@link #map} it, while the data plane lives and after it has died. It is always
 * replaced by renaming a new one over it, never written over, so whoever has mapped a dead one
 * keeps what it read.
 */
public final class CncFile implements AutoCloseable {
    /** Name of the file in the run directory. */
    public static final String FILE_NAME = "cnc";

    /** A data plane whose heartbeat is older than this does not run, or hangs. */
    public static final long HEARTBEAT_TIMEOUT_MS = 2_000;

    private static final String LOCK_NAME = "cnc.lock";
    private static final String NEW_NAME = "cnc.new";

    /** The group may command, others may not look: not even at one that is being written. */
    private static final Set<PosixFilePermission> MODE =
            PosixFilePermissions.fromString("rw-rw----");

    private final Path path;
    private final MappedByteBuffer mapped;
    private final boolean isReadOnly;
    private final UnsafeBuffer metadata;
    private final Map<Region, UnsafeBuffer> regions = new EnumMap<>(Region.class);

    private CncFile(final Path path, final MappedByteBuffer mapped, final boolean isReadOnly) {
        this.path = path;
        this.mapped = mapped;
        this.isReadOnly = isReadOnly;
        metadata = new UnsafeBuffer(mapped, 0, METADATA_LENGTH);

        int offset = METADATA_LENGTH;
        for (final Region region : Region.values()) {
            final int length = metadata.getInt(region.lengthOffset());
            regions.put(region, new UnsafeBuffer(mapped, offset, length));
            offset = nextRegion(offset + length);
        }
    }

    /**
     * Creates the file of this process, in place of one that a dead process has left.
     *
     * @param runDirectory is created if it is not there.
     * @throws CncFileException if another data plane that is alive uses the directory.
     */
    public static CncFile create(
            final Path runDirectory, final int workerCount, final EpochClock clock) {
        if (workerCount < 1 || workerCount > Limits.MAX_WORKERS) {
            throw new IllegalArgumentException(
                    "workerCount must be 1 to " + Limits.MAX_WORKERS + ": " + workerCount);
        }

        final Path path = runDirectory.resolve(FILE_NAME);
        try {
            Files.createDirectories(runDirectory);
            try (FileChannel lockChannel =
                            FileChannel.open(
                                    runDirectory.resolve(LOCK_NAME),
                                    StandardOpenOption.CREATE,
                                    StandardOpenOption.WRITE);
                    FileLock lock = lockChannel.tryLock()) {
                if (lock == null) {
                    throw inUse(runDirectory, "another data plane is starting");
                }

                refuseIfAlive(runDirectory, path);
                return create(runDirectory.resolve(NEW_NAME), path, workerCount, clock);
            }
        } catch (final OverlappingFileLockException ex) {
            throw inUse(runDirectory, "another data plane is starting");
        } catch (final IOException ex) {
            throw new CncFileException(
                    Reason.REFUSED, "cannot create " + path + ": " + reasonOf(ex), ex);
        }
    }

    /**
     * Checks that no data plane that is alive uses the directory, as {@link #create} does.
     *
     * @throws CncFileException if one does.
     */
    public static void requireFree(final Path runDirectory) {
        refuseIfAlive(runDirectory, runDirectory.resolve(FILE_NAME));
    }

    private static CncFile create(
            final Path newPath, final Path path, final int workerCount, final EpochClock clock)
            throws IOException {
        Files.deleteIfExists(newPath);
        final MappedByteBuffer mapped;
        try (FileChannel channel =
                FileChannel.open(
                        newPath,
                        Set.of(
                                StandardOpenOption.CREATE_NEW,
                                StandardOpenOption.READ,
                                StandardOpenOption.WRITE),
                        PosixFilePermissions.asFileAttribute(MODE))) {
            // The mask of whoever started us may have taken the group's rights, which may command.
            Files.setPosixFilePermissions(newPath, MODE);
            mapped = channel.map(FileChannel.MapMode.READ_WRITE, 0, fileLength(workerCount));
        }

        final UnsafeBuffer metadata = new UnsafeBuffer(mapped, 0, METADATA_LENGTH);
        final ProcessIdentity self = ProcessIdentity.self();
        metadata.putInt(WORKER_COUNT_OFFSET, workerCount);
        metadata.putLong(MAGIC_OFFSET, MAGIC);
        metadata.putLong(PID_OFFSET, self.pid());
        metadata.putLong(START_TICKS_OFFSET, self.startTicks());
        metadata.putLong(START_EPOCH_MS_OFFSET, clock.time());
        metadata.putLong(FILE_ID_OFFSET, new SecureRandom().nextLong());
        metadata.putLong(HEARTBEAT_OFFSET, clock.time());
        for (final Region region : Region.values()) {
            metadata.putInt(region.lengthOffset(), regionLength(region, workerCount));
        }
        metadata.putIntRelease(VERSION_OFFSET, VERSION);

        Files.move(newPath, path, StandardCopyOption.ATOMIC_MOVE);
        return new CncFile(path, mapped, false);
    }

    private static void refuseIfAlive(final Path runDirectory, final Path path) {
        if (!Files.exists(path)) {
            return;
        }

        try (CncFile existing = map(path, true)) {
            if (existing.isProcessAlive()) {
                throw inUse(
                        runDirectory,
                        "the data plane with pid " + existing.pid() + " is running there");
            }
        } catch (final CncFileException ex) {
            if (ex.reason() == Reason.IN_USE || ex.reason() == Reason.REFUSED) {
                throw ex;
            }
            // of another version, or never finished: its owner's pid cannot be trusted. Attaching
            // to
            // the interfaces fails if it is alive.
        }
    }

    private static CncFileException inUse(final Path runDirectory, final String who) {
        return new CncFileException(
                Reason.IN_USE,
                "run directory "
                        + runDirectory
                        + " is in use: "
                        + who
                        + "; stop it, or choose another one with "
                        + DataPlaneProperties.RUN_DIR);
    }

    /** Maps the file of a live or dead data plane, for commands too if its mode allows it. */
    public static CncFile map(final Path runDirectory) {
        final Path path = runDirectory.resolve(FILE_NAME);
        return map(path, Files.exists(path) && !Files.isWritable(path));
    }

    private static CncFile map(final Path path, final boolean isReadOnly) {
        try (FileChannel channel =
                isReadOnly
                        ? FileChannel.open(path, StandardOpenOption.READ)
                        : FileChannel.open(
                                path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            final long length = channel.size();
            if (length < METADATA_LENGTH || length > Integer.MAX_VALUE) {
                throw damaged(path, "is " + length + " bytes long");
            }

            final MappedByteBuffer mapped =
                    channel.map(
                            isReadOnly
                                    ? FileChannel.MapMode.READ_ONLY
                                    : FileChannel.MapMode.READ_WRITE,
                            0,
                            length);
            try {
                check(path, new UnsafeBuffer(mapped, 0, METADATA_LENGTH), length);
                return new CncFile(path, mapped, isReadOnly);
            } catch (final CncFileException ex) {
                IoUtil.unmap(mapped);
                throw ex;
            }
        } catch (final NoSuchFileException ex) {
            throw new CncFileException(
                    Reason.ABSENT,
                    path + " does not exist: no data plane was started with this run directory",
                    ex);
        } catch (final IOException ex) {
            throw new CncFileException(
                    Reason.REFUSED, "cannot open " + path + ": " + reasonOf(ex), ex);
        }
    }

    private static void check(final Path path, final UnsafeBuffer metadata, final long length) {
        final int version = metadata.getIntAcquire(VERSION_OFFSET);
        if (metadata.getLong(MAGIC_OFFSET) != MAGIC || version == 0) {
            throw damaged(path, "is no cnc file of Naru");
        }
        if (version != VERSION) {
            throw new CncFileException(
                    Reason.VERSION,
                    "%s has layout %d, this is Naru with layout %d: restart the older one"
                            .formatted(path, version, VERSION));
        }

        final int workerCount = metadata.getInt(WORKER_COUNT_OFFSET);
        if (workerCount < 1 || workerCount > Limits.MAX_WORKERS) {
            throw damaged(path, "says that it has " + workerCount + " workers");
        }
        for (final Region region : Region.values()) {
            if (metadata.getInt(region.lengthOffset()) != regionLength(region, workerCount)) {
                throw damaged(path, "has a wrong length of its region " + region);
            }
        }
        if (length < fileLength(workerCount)) {
            throw damaged(path, "is cut off at " + length + " bytes");
        }
    }

    private static CncFileException damaged(final Path path, final String how) {
        return new CncFileException(
                Reason.DAMAGED, path + " " + how + "; restart the data plane to replace it");
    }

    private static String reasonOf(final IOException ex) {
        final String name = ex.getClass().getSimpleName();
        return switch (name) {
            case "AccessDeniedException" -> "permission denied: " + ex.getMessage();
            case "NoSuchFileException" -> "no such file or directory: " + ex.getMessage();
            default -> ex.getMessage() == null ? name : ex.getMessage();
        };
    }

    static long fileLength(final int workerCount) {
        int offset = METADATA_LENGTH;
        for (final Region region : Region.values()) {
            offset = nextRegion(offset + regionLength(region, workerCount));
        }

        return offset;
    }

    private UnsafeBuffer region(final Region region) {
        return regions.get(region);
    }

    // -- what it holds ----------------------------------------------------------------------------

    public Path path() {
        return path;
    }

    /** Whether commands cannot be sent through this mapping. */
    public boolean isReadOnly() {
        return isReadOnly;
    }

    /** The region of the command ring, for {@code ManyToOneRingBuffer}. */
    public AtomicBuffer commandRingBuffer() {
        return region(Region.COMMAND_RING);
    }

    /** The region of the event broadcast, for {@code BroadcastTransmitter} and its receiver. */
    public AtomicBuffer eventBuffer() {
        return region(Region.EVENTS);
    }

    /** The region of {@link StatsLine}s of services. */
    public AtomicBuffer serviceStats() {
        return region(Region.SERVICE_STATS);
    }

    /** The region of {@link StatsLine}s of backends. */
    public AtomicBuffer backendStats() {
        return region(Region.BACKEND_STATS);
    }

    /** The region of the workers' histograms, {@link DutyCycleDescriptor}. */
    public AtomicBuffer dutyCycles() {
        return region(Region.DUTY_CYCLES);
    }

    /** The region of the error log, for {@code DistinctErrorLog} and {@code ErrorLogReader}. */
    public AtomicBuffer errorLogBuffer() {
        return region(Region.ERROR_LOG);
    }

    /** Names and states behind the ids. */
    public Directory directory() {
        return new Directory(region(Region.DIRECTORY));
    }

    /** For the data plane: allocates counters. */
    public CountersManager countersManager() {
        return new CountersManager(
                region(Region.COUNTER_METADATA),
                region(Region.COUNTER_VALUES),
                StandardCharsets.UTF_8);
    }

    /** For clients: reads counters. */
    public CountersReader countersReader() {
        return new CountersReader(
                region(Region.COUNTER_METADATA),
                region(Region.COUNTER_VALUES),
                StandardCharsets.UTF_8);
    }

    // -- metadata ---------------------------------------------------------------------------------

    public int workerCount() {
        return metadata.getInt(WORKER_COUNT_OFFSET);
    }

    public long pid() {
        return metadata.getLong(PID_OFFSET);
    }

    public long startEpochMs() {
        return metadata.getLong(START_EPOCH_MS_OFFSET);
    }

    /** When the data plane stopped cleanly; 0 if it runs or was killed. */
    public long stoppedEpochMs() {
        return metadata.getLongAcquire(STOPPED_EPOCH_MS_OFFSET);
    }

    /** Whether the process that created the file runs and has not said that it stopped. */
    public boolean isProcessAlive() {
        return stoppedEpochMs() == 0
                && new ProcessIdentity(pid(), metadata.getLong(START_TICKS_OFFSET)).isAlive();
    }

    /** Whether the conductor has shown a sign of life lately; cheap. */
    public boolean isHeartbeatFresh(final long nowEpochMs) {
        return stoppedEpochMs() == 0 && nowEpochMs - heartbeatEpochMs() <= HEARTBEAT_TIMEOUT_MS;
    }

    /** Whether a newer data plane has put its own file in the place of this one. */
    public boolean isReplaced() {
        try (CncFile current = map(path, true)) {
            return current.metadata.getLong(FILE_ID_OFFSET) != metadata.getLong(FILE_ID_OFFSET);
        } catch (final CncFileException ex) {
            return true;
        }
    }

    public long heartbeatEpochMs() {
        return metadata.getLongAcquire(HEARTBEAT_OFFSET);
    }

    /** Epoch of the newest forwarding table that every worker uses; 0 before the first. */
    public long appliedEpoch() {
        return metadata.getLongAcquire(APPLIED_EPOCH_OFFSET);
    }

    /** Revision that the control plane gave to the applied configuration; 0 before the first. */
    public long configRevision() {
        return metadata.getLong(CONFIG_REVISION_OFFSET);
    }

    /** When the applied configuration was committed; 0 before the first. */
    public long configEpochMs() {
        return metadata.getLong(CONFIG_EPOCH_MS_OFFSET);
    }

    /** Pid of the client whose keep-alive came last; 0 before the first. */
    public long clientPid() {
        return metadata.getLong(CLIENT_PID_OFFSET);
    }

    /** When a client's keep-alive came last; 0 before the first. */
    public long clientHeartbeatEpochMs() {
        return metadata.getLongAcquire(CLIENT_HEARTBEAT_OFFSET);
    }

    /** When the last error happened; 0 if there was none. */
    public long lastErrorEpochMs() {
        return metadata.getLongAcquire(LAST_ERROR_EPOCH_MS_OFFSET);
    }

    /** The last error, or null if there was none. */
    public String lastError() {
        if (lastErrorEpochMs() == 0) {
            return null;
        }

        final int length = metadata.getInt(LAST_ERROR_LENGTH_OFFSET);
        return length < 0 || length > Limits.MAX_TEXT_BYTES
                ? null
                : metadata.getStringWithoutLengthUtf8(LAST_ERROR_TEXT_OFFSET, length);
    }

    // -- the conductor's side ---------------------------------------------------------------------

    public void heartbeat(final long nowEpochMs) {
        metadata.putLongRelease(HEARTBEAT_OFFSET, nowEpochMs);
    }

    /** Says that every worker uses the forwarding table of {@code epoch}. */
    public void applied(final long epoch) {
        metadata.putLongRelease(APPLIED_EPOCH_OFFSET, epoch);
    }

    /** Says which configuration is applied; before {@link #applied}, which publishes it. */
    public void configured(final long revision, final long nowEpochMs) {
        metadata.putLong(CONFIG_REVISION_OFFSET, revision);
        metadata.putLong(CONFIG_EPOCH_MS_OFFSET, nowEpochMs);
    }

    public void clientHeartbeat(final long clientPid, final long nowEpochMs) {
        metadata.putLong(CLIENT_PID_OFFSET, clientPid);
        metadata.putLongRelease(CLIENT_HEARTBEAT_OFFSET, nowEpochMs);
    }

    public void lastError(final String text, final long nowEpochMs) {
        final byte[] bytes = TextField.cut(text, Limits.MAX_TEXT_BYTES);
        metadata.putInt(LAST_ERROR_LENGTH_OFFSET, bytes.length);
        metadata.putBytes(LAST_ERROR_TEXT_OFFSET, bytes);
        metadata.putLongRelease(LAST_ERROR_EPOCH_MS_OFFSET, nowEpochMs);
    }

    /** Says that the data plane stopped cleanly. */
    public void stopped(final long nowEpochMs) {
        metadata.putLongRelease(STOPPED_EPOCH_MS_OFFSET, nowEpochMs);
    }

    /** Unmaps the file; nothing of it may be touched after. The file stays. */
    @Override
    public void close() {
        IoUtil.unmap(mapped);
    }
}
