package io.naru.dataplane.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.protocol.CncFileDescriptor.Region;
import io.naru.dataplane.protocol.CncFileException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.agrona.concurrent.errors.DistinctErrorLog;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CncFileTest {
    @TempDir Path runDirectory;

    @Test
    void shouldLayOutRegionsAsDrawn() {
        int offset = CncFileDescriptor.METADATA_LENGTH;
        for (final Region region : Region.values()) {
            assertEquals(0, offset % CncFileDescriptor.PAGE_LENGTH, region.name());
            offset =
                    CncFileDescriptor.nextRegion(
                            offset + CncFileDescriptor.regionLength(region, 2));
        }

        assertEquals(offset, CncFile.fileLength(2));
        assertTrue(
                Region.ERROR_LOG.lengthOffset() + Integer.BYTES
                        <= CncFileDescriptor.FILE_ID_OFFSET);
        assertTrue(
                CncFileDescriptor.LAST_ERROR_TEXT_OFFSET + Limits.MAX_TEXT_BYTES
                        <= CncFileDescriptor.METADATA_LENGTH);
        assertTrue(CncFile.fileLength(Limits.MAX_WORKERS) < Integer.MAX_VALUE);
    }

    @Test
    void shouldHaveLengthsOfMessagesAsDrawn() {
        assertEquals(32, CommandDescriptor.BEGIN_LENGTH);
        assertEquals(72, CommandDescriptor.POOL_LENGTH);
        assertEquals(184, CommandDescriptor.BACKEND_LENGTH);
        assertEquals(320, CommandDescriptor.SERVICE_LENGTH);
        assertEquals(152, CommandDescriptor.SET_BACKEND_LENGTH);
        assertEquals(144, CommandDescriptor.RESPONSE_TIME_LENGTH);
        assertEquals(80, CommandDescriptor.SET_ALGORITHM_LENGTH);
        assertEquals(256, CommandDescriptor.QUERY_LENGTH);
        assertEquals(152, EventDescriptor.FLOW_LENGTH);
        assertEquals(36, EventDescriptor.HOP_TEXT_OFFSET);
        assertEquals(128, StatsLine.LENGTH);
        assertEquals(512, DutyCycleDescriptor.LENGTH);
    }

    @Test
    void shouldShowClientsWhatConductorWrites() {
        try (CncFile written = CncFile.create(runDirectory, 2, () -> 1_000);
                CncFile read = CncFile.map(runDirectory)) {
            written.heartbeat(1_500);
            written.configured(7, 1_400);
            written.applied(3);
            written.clientHeartbeat(99, 1_450);
            written.lastError("interface eth0 is gone", 1_499);

            assertEquals(2, read.workerCount());
            assertEquals(ProcessHandle.current().pid(), read.pid());
            assertEquals(1_000, read.startEpochMs());
            assertEquals(1_500, read.heartbeatEpochMs());
            assertEquals(7, read.configRevision());
            assertEquals(1_400, read.configEpochMs());
            assertEquals(3, read.appliedEpoch());
            assertEquals(99, read.clientPid());
            assertEquals(1_450, read.clientHeartbeatEpochMs());
            assertEquals("interface eth0 is gone", read.lastError());
            assertEquals(1_499, read.lastErrorEpochMs());
            assertTrue(read.isProcessAlive());
            assertTrue(read.isHeartbeatFresh(3_500));
            assertFalse(read.isHeartbeatFresh(3_501));
        }
    }

    @Test
    void shouldLetTheGroupCommandAndOthersNotLook() throws IOException {
        try (CncFile written = CncFile.create(runDirectory, 1, () -> 1_000)) {
            assertEquals(
                    "rw-rw----",
                    PosixFilePermissions.toString(Files.getPosixFilePermissions(written.path())));
        }
    }

    @Test
    void shouldRefuseSecondDataPlaneByPid() {
        try (CncFile first = CncFile.create(runDirectory, 1, System::currentTimeMillis)) {
            final CncFileException refusal =
                    assertThrows(
                            CncFileException.class,
                            () -> CncFile.create(runDirectory, 1, System::currentTimeMillis));

            assertEquals(Reason.IN_USE, refusal.reason());
            assertEquals(
                    "run directory "
                            + runDirectory
                            + " is in use: the data plane with pid "
                            + first.pid()
                            + " is running there; stop it, or choose another one with naru.run.dir",
                    refusal.getMessage());
        }
    }

    @Test
    void shouldReplaceFileOfDeadProcessAndKeepItReadable() throws IOException {
        try (CncFile dead = CncFile.create(runDirectory, 1, () -> 1_000)) {
            dead.lastError("killed by a cosmic ray", 2_000);
            pretendThatOwnerDied();

            try (CncFile reader = CncFile.map(runDirectory);
                    CncFile next = CncFile.create(runDirectory, 3, () -> 5_000)) {
                assertEquals("killed by a cosmic ray", reader.lastError());
                assertFalse(reader.isProcessAlive());
                assertTrue(reader.isReplaced());
                assertFalse(next.isReplaced());
                assertNull(next.lastError());
                assertEquals(3, next.workerCount());
            }
        }
    }

    @Test
    void shouldReplaceFileOfDataPlaneThatStopped() {
        try (CncFile stopped = CncFile.create(runDirectory, 1, () -> 1_000)) {
            stopped.stopped(2_000);
            assertFalse(stopped.isProcessAlive());

            try (CncFile next = CncFile.create(runDirectory, 1, () -> 3_000)) {
                assertEquals(3_000, next.startEpochMs());
            }
        }
    }

    @Test
    void shouldSayWhyFileCannotBeMapped() throws IOException {
        assertEquals(
                Reason.ABSENT,
                assertThrows(CncFileException.class, () -> CncFile.map(runDirectory)).reason());

        final Path path = runDirectory.resolve(CncFile.FILE_NAME);
        Files.write(path, new byte[100]);
        assertEquals(
                Reason.DAMAGED,
                assertThrows(CncFileException.class, () -> CncFile.map(runDirectory)).reason());

        Files.write(path, new byte[CncFileDescriptor.METADATA_LENGTH]);
        assertEquals(
                path + " is no cnc file of Naru; restart the data plane to replace it",
                assertThrows(CncFileException.class, () -> CncFile.map(runDirectory)).getMessage());

        CncFile.create(runDirectory, 1, () -> 1_000).close();
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            channel.truncate(CncFile.fileLength(1) - CncFileDescriptor.PAGE_LENGTH);
        }
        assertEquals(
                Reason.DAMAGED,
                assertThrows(CncFileException.class, () -> CncFile.map(runDirectory)).reason());
    }

    @Test
    void shouldRefuseFileOfAnotherVersion() throws IOException {
        CncFile.create(runDirectory, 1, () -> 1_000).close();
        putInt(CncFileDescriptor.VERSION_OFFSET, 99);

        final CncFileException refusal =
                assertThrows(CncFileException.class, () -> CncFile.map(runDirectory));

        assertEquals(Reason.VERSION, refusal.reason());
        assertTrue(refusal.getMessage().contains("has layout 99, this is Naru with layout 4"));
    }

    @Test
    void shouldListDirectory() {
        final BackendInfo backend =
                new BackendInfo(
                        4_000,
                        false,
                        new BackendSpec(
                                "web",
                                "s1",
                                IpAddress.parse("10.2.0.1"),
                                8080,
                                100,
                                BackendState.DRAIN),
                        1L << 63 | 1L << 48 | 0x0100_0000_0002L);
        final ServiceInfo service = new ServiceInfo(17, true, service("web", "192.0.2.10"));
        final WorkerInfo worker = new WorkerInfo(1, -1, "running", 1 << 20, 5);
        final InterfaceInfo eth0 =
                new InterfaceInfo(0, "eth0", 12, 0x2L, "native", false, 2, 1500, "copy: veth");
        try (CncFile written = CncFile.create(runDirectory, 2, () -> 1_000);
                CncFile read = CncFile.map(runDirectory)) {
            written.directory().put(backend);
            written.directory().put(service);
            written.directory().put(worker);
            written.directory().put(eth0);

            assertEquals(List.of(backend), read.directory().backends());
            assertEquals(List.of(service), read.directory().services());
            assertEquals(List.of(worker), read.directory().workers());
            assertEquals(List.of(eth0), read.directory().interfaces());
            assertEquals("02:00:00:00:00:01", backend.mac());
            assertEquals(1, backend.interfaceIndex());

            written.directory().freeBackend(4_000);
            written.directory().freeService(17);

            assertNull(read.directory().backend(4_000));
            assertEquals(List.of(), read.directory().services());
        }
    }

    @Test
    void shouldGiveUpOnEntryThatDyingWriterLeftHalfway() throws IOException {
        try (CncFile written = CncFile.create(runDirectory, 1, () -> 1_000)) {
            written.directory().put(new WorkerInfo(0, 3, "running", 64, 1));
            int offset = CncFileDescriptor.METADATA_LENGTH;
            for (final Region region : Region.values()) {
                if (region == Region.DIRECTORY) {
                    break;
                }
                offset =
                        CncFileDescriptor.nextRegion(
                                offset + CncFileDescriptor.regionLength(region, 1));
            }
            putInt(offset + Directory.WORKERS_OFFSET, 3);

            assertNull(written.directory().worker(0));

            written.directory().put(new WorkerInfo(0, 3, "running", 64, 2));
            assertNotNull(written.directory().worker(0));
        }
    }

    @Test
    void shouldKeepErrorLog() {
        try (CncFile written = CncFile.create(runDirectory, 1, () -> 1_000)) {
            final DistinctErrorLog log = new DistinctErrorLog(written.errorLogBuffer(), () -> 7);
            log.record(new IllegalStateException("broken"));

            final List<ErrorInfo> errors = new StatsReader(written).errors();

            assertEquals(1, errors.size());
            assertEquals(7, errors.get(0).lastEpochMs());
            assertTrue(errors.get(0).text().contains("broken"));
        }
    }

    static ServiceSpec service(final String name, final String vip) {
        return new ServiceSpec(
                name,
                IpAddress.parse(vip),
                Protocol.TCP,
                80,
                80,
                Mode.NAT,
                Algorithm.MAGLEV,
                "web",
                new ServiceSpec.Timeouts(1, 2, 3, 4));
    }

    private void pretendThatOwnerDied() throws IOException {
        final ByteBuffer bytes = ByteBuffer.allocate(8).putLong(0, -1);
        write(bytes, CncFileDescriptor.START_TICKS_OFFSET);
    }

    private void putInt(final int offset, final int value) throws IOException {
        write(
                ByteBuffer.allocate(4).order(java.nio.ByteOrder.nativeOrder()).putInt(0, value),
                offset);
    }

    private void write(final ByteBuffer bytes, final int offset) throws IOException {
        try (FileChannel channel =
                FileChannel.open(
                        runDirectory.resolve(CncFile.FILE_NAME), StandardOpenOption.WRITE)) {
            assertEquals(bytes.remaining(), channel.write(bytes, offset));
        }
    }
}
