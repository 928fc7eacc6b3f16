package io.naru.dataplane.protocol;

import static io.naru.dataplane.protocol.CommandDescriptor.SERVICE_LENGTH;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/**
 * A desired state as a file: for a packet path that runs without a control plane, over a capture.
 *
 * <p>Holds the commands from BEGIN_CONFIG to COMMIT_CONFIG as the command ring would, and what is
 * read passes the same checks. Numbers are little-endian.
 *
 * <pre>
 *   0        4         8
 *   ┌────────┬─────────┬──────────────────────┐
 *   │ type   │ length  │ the message, length  │  …the next, until the end
 *   └────────┴─────────┴──────────────────────┘
 * </pre>
 */
public final class CommandFile {
    private static final int HEADER_LENGTH = 2 * Integer.BYTES;
    private static final int RING_BYTES = 4_096;

    private CommandFile() {}

    /** Writes the commands that would send {@code state}; does not close {@code output}. */
    public static void write(final DesiredState state, final OutputStream output)
            throws IOException {
        final ManyToOneRingBuffer ring = ring();
        final CommandProxy proxy = new CommandProxy(ring);

        proxy.beginConfig(
                0,
                state.revision(),
                state.services().size(),
                state.pools().size(),
                state.backends().size(),
                state.localAddresses().size());
        drain(ring, output);
        for (final String pool : state.pools()) {
            proxy.putPool(0, pool);
            drain(ring, output);
        }
        for (final BackendSpec backend : state.backends()) {
            proxy.putBackend(0, backend);
            drain(ring, output);
        }
        for (final IpAddress address : state.localAddresses()) {
            proxy.putLocalAddress(0, address);
            drain(ring, output);
        }
        for (final ServiceSpec service : state.services()) {
            proxy.putService(0, service);
            drain(ring, output);
        }
        proxy.commitConfig(0);
        drain(ring, output);
    }

    /**
     * Reads what {@link #write} wrote.
     *
     * @throws IOException a sentence about what is wrong with which file.
     */
    public static DesiredState read(final Path file) throws IOException {
        final UnsafeBuffer buffer;
        try {
            buffer = new UnsafeBuffer(Files.readAllBytes(file));
        } catch (final NoSuchFileException ex) {
            throw new IOException("cannot read " + file + ": there is no such file", ex);
        }

        final Collector collector = new Collector();
        final CommandAdapter adapter = new CommandAdapter(ring(), collector);
        int offset = 0;
        while (offset < buffer.capacity() && collector.refusal == null) {
            final int left = buffer.capacity() - offset - HEADER_LENGTH;
            final int typeId = left < 0 ? 0 : buffer.getInt(offset, ByteOrder.LITTLE_ENDIAN);
            final int length =
                    left < 0 ? 0 : buffer.getInt(offset + Integer.BYTES, ByteOrder.LITTLE_ENDIAN);
            if (left < 0 || length < 0 || length > left) {
                throw new IOException(
                        "cannot use %s: it is cut off, or not a file of commands".formatted(file));
            }

            adapter.onMessage(typeId, buffer, offset + HEADER_LENGTH, length);
            offset += HEADER_LENGTH + length;
        }

        collector.refuse(!collector.committed, "it does not end with COMMIT_CONFIG");
        if (collector.refusal != null) {
            throw new IOException("cannot use %s: %s".formatted(file, collector.refusal));
        }

        return collector.state();
    }

    private static ManyToOneRingBuffer ring() {
        return new ManyToOneRingBuffer(
                new UnsafeBuffer(
                        BufferUtil.allocateDirectAligned(
                                RING_BYTES + RingBufferDescriptor.TRAILER_LENGTH, Long.BYTES)));
    }

    private static void drain(final ManyToOneRingBuffer ring, final OutputStream output)
            throws IOException {
        final UnsafeBuffer record = new UnsafeBuffer(new byte[HEADER_LENGTH + SERVICE_LENGTH]);
        final int[] recordLength = new int[1];
        ring.read(
                (typeId, buffer, offset, length) -> {
                    record.putInt(0, typeId, ByteOrder.LITTLE_ENDIAN);
                    record.putInt(Integer.BYTES, length, ByteOrder.LITTLE_ENDIAN);
                    record.putBytes(HEADER_LENGTH, buffer, offset, length);
                    recordLength[0] = HEADER_LENGTH + length;
                },
                1);
        output.write(record.byteArray(), 0, recordLength[0]);
    }

    /** Puts a state together; keeps the first thing that is wrong. */
    private static final class Collector implements CommandListener {
        private final List<String> pools = new ArrayList<>();
        private final List<BackendSpec> backends = new ArrayList<>();
        private final List<ServiceSpec> services = new ArrayList<>();
        private final List<IpAddress> localAddresses = new ArrayList<>();
        private long revision;
        private int parts = -1;
        private boolean committed;
        private String refusal;

        DesiredState state() {
            return new DesiredState(revision, pools, backends, services, localAddresses);
        }

        void refuse(final boolean condition, final String text) {
            if (condition && refusal == null) {
                refusal = text;
            }
        }

        @Override
        public void onBeginConfig(
                final long correlationId,
                final long newRevision,
                final int serviceCount,
                final int poolCount,
                final int backendCount,
                final int localAddressCount) {
            refuse(parts >= 0, "it holds more than one configuration");
            revision = newRevision;
            parts = serviceCount + poolCount + backendCount + localAddressCount;
        }

        @Override
        public void onPutPool(final long correlationId, final String name) {
            pools.add(name);
        }

        @Override
        public void onPutBackend(final long correlationId, final BackendSpec backend) {
            backends.add(backend);
        }

        @Override
        public void onPutLocalAddress(final long correlationId, final IpAddress address) {
            localAddresses.add(address);
        }

        @Override
        public void onPutService(final long correlationId, final ServiceSpec service) {
            services.add(service);
        }

        @Override
        public void onCommitConfig(final long correlationId) {
            final int found =
                    pools.size() + backends.size() + services.size() + localAddresses.size();
            refuse(parts < 0, "it does not begin with BEGIN_CONFIG");
            refuse(
                    found != parts,
                    "it has %d of %d pools, backends, services and local addresses"
                            .formatted(found, parts));
            committed = true;
        }

        @Override
        public void onSetBackend(
                final long correlationId,
                final String pool,
                final String name,
                final int weight,
                final int share,
                final BackendState state) {
            refuse(true, "SET_BACKEND is no part of a configuration");
        }

        @Override
        public void onSetResponseTime(
                final long correlationId,
                final String pool,
                final String name,
                final long responseTimeNs) {
            refuse(true, "SET_RESPONSE_TIME is no part of a configuration");
        }

        @Override
        public void onSetAlgorithm(
                final long correlationId, final String service, final Algorithm algorithm) {
            refuse(true, "SET_ALGORITHM is no part of a configuration");
        }

        @Override
        public void onQueryFlows(final long correlationId, final FlowFilter filter) {
            refuse(true, "QUERY_FLOWS is no part of a configuration");
        }

        @Override
        public void onPing(final long correlationId, final long clientPid) {
            refuse(true, "PING is no part of a configuration");
        }

        @Override
        public void onGarbled(final long correlationId, final String text) {
            refuse(true, text);
        }
    }
}
