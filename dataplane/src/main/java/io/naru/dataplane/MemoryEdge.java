package io.naru.dataplane;

import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.PacketPort;
import io.naru.dataplane.port.TrafficFilter;
import io.naru.dataplane.port.memory.MemoryFrames;
import io.naru.dataplane.port.memory.MemoryPort;
import io.naru.dataplane.port.memory.MemoryWire;
import io.naru.dataplane.protocol.InterfaceInfo;
import java.util.ArrayList;
import java.util.List;

/**
 * An edge without a kernel: each port's wire is an object in this process, for tests, for the
 * simulated demo and for benchmarks.
 *
 * <p>Frames are never refused by a filter: what is injected arrives.
 */
public final class MemoryEdge implements PacketEdge {
    private static final int MTU = 1_500;

    private final MemoryFrames memory;
    private final List<FrameStack> frames = new ArrayList<>();
    private final List<List<MemoryPort>> ports = new ArrayList<>();
    private final List<InterfaceInfo> interfaces = new ArrayList<>();

    /**
     * @param framesPerPort frames of each worker for each interface, a power of two.
     * @param frameSizeBytes size of a frame's chunk, a power of two.
     * @param macsNet the MAC of each interface, as it is loaded from a frame.
     */
    public MemoryEdge(
            final int workers,
            final int framesPerPort,
            final int frameSizeBytes,
            final long... macsNet) {
        final int framesPerWorker = framesPerPort * macsNet.length;
        memory = new MemoryFrames(workers * framesPerWorker, frameSizeBytes);
        for (int worker = 0; worker < workers; worker++) {
            final FrameStack share = memory.share(framesPerWorker);
            final List<MemoryPort> workersPorts = new ArrayList<>();
            for (int index = 0; index < macsNet.length; index++) {
                workersPorts.add(
                        new MemoryPort(
                                index, macsNet[index], share, frameSizeBytes, framesPerPort / 2));
            }
            frames.add(share);
            ports.add(workersPorts);
        }
        for (int index = 0; index < macsNet.length; index++) {
            interfaces.add(
                    new InterfaceInfo(
                            index,
                            "mem" + index,
                            0,
                            macsNet[index],
                            "memory",
                            false,
                            workers,
                            MTU,
                            ""));
        }
    }

    /** The wire of a worker's queue of an interface. */
    public MemoryWire wire(final int worker, final int interfaceIndex) {
        return ports.get(worker).get(interfaceIndex).wire();
    }

    @Override
    public int workers() {
        return frames.size();
    }

    @Override
    public List<PacketPort> ports(final int worker) {
        return List.copyOf(ports.get(worker));
    }

    @Override
    public FrameStack frames(final int worker) {
        return frames.get(worker);
    }

    @Override
    public TrafficFilter filter() {
        return TrafficFilter.ALL;
    }

    @Override
    public List<InterfaceInfo> interfaces() {
        return List.copyOf(interfaces);
    }

    @Override
    public void attach() {}

    @Override
    public void detach() {}

    @Override
    public void close() {
        memory.close();
    }
}
