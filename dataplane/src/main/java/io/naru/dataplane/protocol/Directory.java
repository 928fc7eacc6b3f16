package io.naru.dataplane.protocol;

import static io.naru.dataplane.protocol.TextField.NAME_LENGTH;
import static io.naru.dataplane.protocol.TextField.WORD_LENGTH;

import io.naru.dataplane.protocol.ServiceSpec.Timeouts;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.agrona.concurrent.AtomicBuffer;

/**
 * The names and states behind the ids of services, backends, workers and interfaces, readable also
 * when the data plane is dead.
 *
 * <pre>
 *  +--------------------+---------------------+------------------+---------------------+
 *  | 4,096 services     | 16,384 backends     | 64 workers       | 16 interfaces       |
 *  | of 320 bytes       | of 256 bytes        | of 64 bytes      | of 256 bytes        |
 *  +--------------------+---------------------+------------------+---------------------+
 * </pre>
 *
 * <p>Each entry begins with a sequence number that is odd while the conductor, its only writer,
 * changes the entry (a seqlock): a reader that meets an odd or a changed number reads again, and
 * gives up after a bounded number of times, as with an entry that a dying writer left half-way.
 *
 * <pre>
 *   service                    backend                    worker               interface
 *    0 sequence      4          0 sequence      4          0 sequence      4    0 sequence     4
 *    4 status        4          4 status        4          4 status        4    4 status       4
 *    8 name         64          8 pool         64          8 state        16    8 name        64
 *   72 pool         64         72 name         64         24 flow capacity 8   72 mode        16
 *  136 VIP          16        136 address      16         32 epoch         8   88 zero        64
 *  152 protocol      4        152 port          4         40 cpu           4  152 MAC          8
 *  156 first port    4        156 weight        4         44 zero         20  160 kernel index 4
 *  160 last port     4        160 state         4                             164 zero copy    4
 *  164 mode          4        164 share         4                             168 queues       4
 *  168 algorithm     4        168 hop           8                             172 MTU          4
 *  172 timeouts  4 * 4        176 priority      4                             176 note        80
 *  188 zero          4        180 maximum flows 4
 *  192 options     128        184 maximum rate  4
 *                             188 zero         68
 * </pre>
 *
 * <p>Status is 0 free, 1 in use, 2 retired: no longer configured, but still with flows.
 */
public final class Directory {
    static final int SERVICE_LENGTH = 320;
    static final int BACKEND_LENGTH = 256;
    static final int WORKER_LENGTH = 64;
    static final int INTERFACE_LENGTH = 256;

    static final int SERVICES_OFFSET = 0;
    static final int BACKENDS_OFFSET = Limits.MAX_SERVICES * SERVICE_LENGTH;
    static final int WORKERS_OFFSET = BACKENDS_OFFSET + Limits.MAX_BACKENDS * BACKEND_LENGTH;
    static final int INTERFACES_OFFSET = WORKERS_OFFSET + Limits.MAX_WORKERS * WORKER_LENGTH;
    static final int LENGTH = INTERFACES_OFFSET + Limits.MAX_INTERFACES * INTERFACE_LENGTH;

    private static final int SEQUENCE = 0;
    private static final int STATUS = 4;
    private static final int BODY = 8;

    private static final int FREE = 0;
    private static final int IN_USE = 1;
    private static final int RETIRED = 2;

    private static final int NOTE_LENGTH = 80;
    private static final int READ_ATTEMPTS = 1_000;

    private final AtomicBuffer buffer;

    Directory(final AtomicBuffer buffer) {
        this.buffer = buffer;
    }

    // -- readers ----------------------------------------------------------------------------------

    /** The service of an id, or null if the id is free. */
    public ServiceInfo service(final int id) {
        return read(SERVICES_OFFSET + id * SERVICE_LENGTH, id, this::readService);
    }

    /** The backend of an id, or null if the id is free. */
    public BackendInfo backend(final int id) {
        return read(BACKENDS_OFFSET + id * BACKEND_LENGTH, id, this::readBackend);
    }

    /** A worker, or null if it is not there. */
    public WorkerInfo worker(final int id) {
        return read(WORKERS_OFFSET + id * WORKER_LENGTH, id, this::readWorker);
    }

    /** All services in the order of their ids, also the retired ones. */
    public List<ServiceInfo> services() {
        return all(Limits.MAX_SERVICES, this::service);
    }

    /** All backends in the order of their ids, also the retired ones. */
    public List<BackendInfo> backends() {
        return all(Limits.MAX_BACKENDS, this::backend);
    }

    public List<WorkerInfo> workers() {
        return all(Limits.MAX_WORKERS, this::worker);
    }

    public List<InterfaceInfo> interfaces() {
        return all(
                Limits.MAX_INTERFACES,
                index ->
                        read(
                                INTERFACES_OFFSET + index * INTERFACE_LENGTH,
                                index,
                                this::readInterface));
    }

    private interface Entry<T> {
        T read(int offset, int id);
    }

    private static <T> List<T> all(final int count, final IntFunction<T> entryOf) {
        final List<T> entries = new ArrayList<>();
        for (int id = 0; id < count; id++) {
            final T entry = entryOf.apply(id);
            if (entry != null) {
                entries.add(entry);
            }
        }

        return entries;
    }

    private <T> T read(final int offset, final int id, final Entry<T> entry) {
        for (int attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
            final int sequence = buffer.getIntVolatile(offset + SEQUENCE);
            if ((sequence & 1) == 0) {
                final T value =
                        buffer.getInt(offset + STATUS) == FREE ? null : entry.read(offset, id);
                VarHandle.loadLoadFence();
                if (buffer.getIntVolatile(offset + SEQUENCE) == sequence) {
                    return value;
                }
            }
            Thread.onSpinWait();
        }

        return null;
    }

    private ServiceInfo readService(final int offset, final int id) {
        return new ServiceInfo(
                id,
                buffer.getInt(offset + STATUS) == RETIRED,
                new ServiceSpec(
                        text(offset + 8, NAME_LENGTH),
                        IpAddress.getFrom(buffer, offset + 136),
                        Protocol.ofCode(buffer.getInt(offset + 152)),
                        buffer.getInt(offset + 156),
                        buffer.getInt(offset + 160),
                        Mode.ofCode(buffer.getInt(offset + 164)),
                        Algorithm.ofCode(buffer.getInt(offset + 168)),
                        text(offset + 72, NAME_LENGTH),
                        new Timeouts(
                                buffer.getInt(offset + 172),
                                buffer.getInt(offset + 176),
                                buffer.getInt(offset + 180),
                                buffer.getInt(offset + 184)),
                        ServiceOptions.getFrom(buffer, offset + 192)));
    }

    private BackendInfo readBackend(final int offset, final int id) {
        return new BackendInfo(
                id,
                buffer.getInt(offset + STATUS) == RETIRED,
                new BackendSpec(
                        text(offset + 8, NAME_LENGTH),
                        text(offset + 72, NAME_LENGTH),
                        IpAddress.getFrom(buffer, offset + 136),
                        buffer.getInt(offset + 152),
                        buffer.getInt(offset + 156),
                        buffer.getInt(offset + 164),
                        buffer.getInt(offset + 176),
                        buffer.getInt(offset + 180),
                        buffer.getInt(offset + 184),
                        BackendState.ofCode(buffer.getInt(offset + 160))),
                buffer.getLong(offset + 168));
    }

    private WorkerInfo readWorker(final int offset, final int id) {
        return new WorkerInfo(
                id,
                buffer.getInt(offset + 40),
                text(offset + 8, WORD_LENGTH),
                buffer.getLong(offset + 24),
                buffer.getLong(offset + 32));
    }

    private InterfaceInfo readInterface(final int offset, final int id) {
        return new InterfaceInfo(
                id,
                text(offset + 8, NAME_LENGTH),
                buffer.getInt(offset + 160),
                buffer.getLong(offset + 152),
                text(offset + 72, WORD_LENGTH),
                buffer.getInt(offset + 164) != 0,
                buffer.getInt(offset + 168),
                buffer.getInt(offset + 172),
                text(offset + 176, NOTE_LENGTH));
    }

    private String text(final int offset, final int fieldLength) {
        final String text = TextField.get(buffer, offset, fieldLength);
        return text == null ? "" : text; // torn: the sequence number tells, and it is read again
    }

    // -- the conductor ----------------------------------------------------------------------------

    public void put(final ServiceInfo service) {
        final int offset = SERVICES_OFFSET + service.id() * SERVICE_LENGTH;
        final ServiceSpec spec = service.spec();
        final int sequence = begin(offset);
        buffer.putInt(offset + STATUS, service.retired() ? RETIRED : IN_USE);
        TextField.put(buffer, offset + 8, NAME_LENGTH, spec.name());
        TextField.put(buffer, offset + 72, NAME_LENGTH, spec.pool());
        spec.vip().putTo(buffer, offset + 136);
        buffer.putInt(offset + 152, spec.protocol().code());
        buffer.putInt(offset + 156, spec.portFirst());
        buffer.putInt(offset + 160, spec.portLast());
        buffer.putInt(offset + 164, spec.mode().code());
        buffer.putInt(offset + 168, spec.algorithm().code());
        buffer.putInt(offset + 172, spec.timeouts().tcpOpeningS());
        buffer.putInt(offset + 176, spec.timeouts().tcpEstablishedS());
        buffer.putInt(offset + 180, spec.timeouts().tcpClosingS());
        buffer.putInt(offset + 184, spec.timeouts().udpS());
        spec.options().putTo(buffer, offset + 192);
        end(offset, sequence);
    }

    public void put(final BackendInfo backend) {
        final int offset = BACKENDS_OFFSET + backend.id() * BACKEND_LENGTH;
        final BackendSpec spec = backend.spec();
        final int sequence = begin(offset);
        buffer.putInt(offset + STATUS, backend.retired() ? RETIRED : IN_USE);
        TextField.put(buffer, offset + 8, NAME_LENGTH, spec.pool());
        TextField.put(buffer, offset + 72, NAME_LENGTH, spec.name());
        spec.address().putTo(buffer, offset + 136);
        buffer.putInt(offset + 152, spec.port());
        buffer.putInt(offset + 156, spec.weight());
        buffer.putInt(offset + 160, spec.state().code());
        buffer.putInt(offset + 164, spec.share());
        buffer.putLong(offset + 168, backend.hop());
        buffer.putInt(offset + 176, spec.priority());
        buffer.putInt(offset + 180, spec.maxFlows());
        buffer.putInt(offset + 184, spec.maxFlowRate());
        end(offset, sequence);
    }

    public void put(final WorkerInfo worker) {
        final int offset = WORKERS_OFFSET + worker.id() * WORKER_LENGTH;
        final int sequence = begin(offset);
        buffer.putInt(offset + STATUS, IN_USE);
        TextField.put(buffer, offset + 8, WORD_LENGTH, worker.state());
        buffer.putLong(offset + 24, worker.flowCapacity());
        buffer.putLong(offset + 32, worker.epoch());
        buffer.putInt(offset + 40, worker.cpu());
        end(offset, sequence);
    }

    public void put(final InterfaceInfo info) {
        final int offset = INTERFACES_OFFSET + info.index() * INTERFACE_LENGTH;
        final int sequence = begin(offset);
        buffer.putInt(offset + STATUS, IN_USE);
        TextField.put(buffer, offset + 8, NAME_LENGTH, info.name());
        TextField.put(buffer, offset + 72, WORD_LENGTH, info.mode());
        TextField.put(
                buffer,
                offset + 176,
                NOTE_LENGTH,
                new String(TextField.cut(info.note(), NOTE_LENGTH - 1), StandardCharsets.UTF_8));
        buffer.putLong(offset + 152, info.macNet());
        buffer.putInt(offset + 160, info.kernelIndex());
        buffer.putInt(offset + 164, info.zeroCopy() ? 1 : 0);
        buffer.putInt(offset + 168, info.queues());
        buffer.putInt(offset + 172, info.mtu());
        end(offset, sequence);
    }

    public void freeService(final int id) {
        free(SERVICES_OFFSET + id * SERVICE_LENGTH, SERVICE_LENGTH);
    }

    public void freeBackend(final int id) {
        free(BACKENDS_OFFSET + id * BACKEND_LENGTH, BACKEND_LENGTH);
    }

    private void free(final int offset, final int length) {
        final int sequence = begin(offset);
        buffer.putInt(offset + STATUS, FREE);
        buffer.setMemory(offset + BODY, length - BODY, (byte) 0);
        end(offset, sequence);
    }

    private int begin(final int offset) {
        final int sequence = buffer.getInt(offset + SEQUENCE) | 1;
        buffer.putInt(offset + SEQUENCE, sequence);
        VarHandle.storeStoreFence(); // no field is changed before it is odd
        return sequence;
    }

    private void end(final int offset, final int sequence) {
        buffer.putIntRelease(offset + SEQUENCE, sequence + 1);
    }
}
