package io.naru.dataplane.flow;

import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.protocol.Limits;
import java.util.SplittableRandom;

/**
 * The local ports of one worker: which are free to be the source of a {@code full-nat} flow, and
 * which flow a reply to one belongs to.
 *
 * <pre>
 *   for each local address and protocol
 *   ┌───────────────────────────┬──────────────────────────────────┐
 *   │ flow entry by port, 8 B   │ ring of ports that were freed, 2 B│
 *   └───────────────────────────┴──────────────────────────────────┘
 * </pre>
 *
 * <p>The range is shared out among the workers in stretches, so a reply's port names the worker
 * that owns its flow. Taking a port is a step, never a search: first those that were never used, in
 * an order that nobody outside can foresee (RFC 6056), then the one that was freed longest ago. A
 * port is freed when its flow leaves the table, thus after the flow's time (RFC 9293 §3.6.1).
 *
 * <p>Used by one worker. Nothing is allocated after construction, and memory of addresses that are
 * not used is never touched.
 */
public final class LocalPorts {
    /** What {@link #take} returns when all ports are in use. */
    public static final int NONE = -1;

    private static final int PROTOCOLS = 2;
    private static final int POOLS = Limits.MAX_LOCAL_ADDRESSES * PROTOCOLS;

    private final long memory;
    private final int firstPort;
    private final int ports;
    private final int rangeFirst;
    private final int rangePorts;
    private final int workers;
    private final long poolBytes;
    private final int start;
    private final int step;
    private final int[] unused = new int[POOLS];
    private final int[] freed = new int[POOLS];
    private final int[] oldest = new int[POOLS];
    private int inUse;

    /**
     * @param memory address of zeroed memory of {@link #memoryBytes}.
     * @param portFirst first port of the range of all workers, host order, at least 1.
     * @param seed of the order in which ports are first used.
     */
    public LocalPorts(
            final long memory,
            final int worker,
            final int workers,
            final int portFirst,
            final int portLast,
            final long seed) {
        if (portFirst < 1 || portLast > 0xffff || portLast - portFirst + 1 < workers) {
            throw new IllegalArgumentException(
                    "local ports must be 1 to 65535, at least one for each of %d workers: %d-%d"
                            .formatted(workers, portFirst, portLast));
        }

        this.memory = memory;
        this.workers = workers;
        rangeFirst = portFirst;
        rangePorts = portLast - portFirst + 1;
        firstPort = portFirst + stretch(worker);
        ports = stretch(worker + 1) - stretch(worker);
        poolBytes = poolBytes(ports);
        final SplittableRandom random = new SplittableRandom(seed);
        start = random.nextInt(ports);
        int candidate = ports == 1 ? 1 : 1 + random.nextInt(ports - 1);
        while (gcd(candidate, ports) != 1) {
            candidate = candidate % ports + 1;
        }
        step = candidate;
    }

    /** Bytes that the ports of any worker need; nearly all of them are never touched. */
    public static long memoryBytes(final int workers, final int portFirst, final int portLast) {
        return POOLS * poolBytes((portLast - portFirst + workers) / workers);
    }

    private static long poolBytes(final int ports) {
        return (ports * (long) (Long.BYTES + Short.BYTES) + 63) & -64;
    }

    /** How many ports of the range come before those of a worker. */
    private int stretch(final int worker) {
        return (int) ((long) rangePorts * worker / workers);
    }

    private static int gcd(final int a, final int b) {
        return b == 0 ? a : gcd(b, a % b);
    }

    /** The worker that owns a port, or -1 if it is not in the range. */
    public int owner(final int portNet) {
        final int index = hostOrder(portNet) - rangeFirst;
        if (index < 0 || index >= rangePorts) {
            return NONE;
        }

        int worker = (int) ((long) index * workers / rangePorts);
        while (stretch(worker + 1) <= index) { // rounding: at most one step
            worker++;
        }

        return worker;
    }

    /**
     * Takes a port for a flow.
     *
     * @param protocol 6 or 17.
     * @return the port as on the wire, or {@link #NONE}.
     */
    public int take(final int localId, final int protocol) {
        final int pool = pool(localId, protocol);
        final int index;
        if (unused[pool] < ports) {
            index = (int) ((start + (long) unused[pool]++ * step) % ports);
        } else if (freed[pool] > 0) {
            index = RawMemory.getShort(ring(pool, oldest[pool])) & 0xffff;
            oldest[pool] = oldest[pool] + 1 == ports ? 0 : oldest[pool] + 1;
            freed[pool]--;
        } else {
            return NONE;
        }

        inUse++;
        return hostOrder(firstPort + index);
    }

    /** Says whose port it is that was taken. */
    public void bind(final int localId, final int protocol, final int portNet, final long entry) {
        RawMemory.putLong(slot(pool(localId, protocol), index(portNet)), entry);
    }

    /** Gives a port back that {@link #take} returned. */
    public void free(final int localId, final int protocol, final int portNet) {
        final int pool = pool(localId, protocol);
        final int index = index(portNet);
        int newest = oldest[pool] + freed[pool];
        newest -= newest >= ports ? ports : 0;
        RawMemory.putLong(slot(pool, index), FlowTable.NONE);
        RawMemory.putShort(ring(pool, newest), (short) index);
        freed[pool]++;
        inUse--;
    }

    /** The entry of the flow that has a port of this worker, or {@link FlowTable#NONE}. */
    public long entry(final int localId, final int protocol, final int portNet) {
        final int index = index(portNet);
        return index < 0 || index >= ports
                ? FlowTable.NONE
                : RawMemory.getLong(slot(pool(localId, protocol), index));
    }

    /** Ports in use, over all local addresses. */
    public int inUse() {
        return inUse;
    }

    private static int pool(final int localId, final int protocol) {
        return localId * PROTOCOLS + (protocol & 1); // TCP is 6, UDP is 17
    }

    private int index(final int portNet) {
        return hostOrder(portNet) - firstPort;
    }

    private long slot(final int pool, final int index) {
        return memory + pool * poolBytes + (long) index * Long.BYTES;
    }

    private long ring(final int pool, final int position) {
        return memory
                + pool * poolBytes
                + (long) ports * Long.BYTES
                + (long) position * Short.BYTES;
    }

    /** Swaps the two octets of a port, either way. */
    private static int hostOrder(final int portNet) {
        return ((portNet & 0xff) << 8) | ((portNet >>> 8) & 0xff);
    }
}
