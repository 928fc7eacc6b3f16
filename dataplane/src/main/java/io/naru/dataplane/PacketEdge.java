package io.naru.dataplane;

import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.PacketPort;
import io.naru.dataplane.port.TrafficFilter;
import io.naru.dataplane.protocol.InterfaceInfo;
import java.util.List;

/**
 * Where a process gets its packets from: the frames, the ports of each worker, and the filter that
 * says which packets are ours.
 *
 * <p>Open from the beginning, but no packet comes before {@link #attach}, and none after {@link
 * #detach}; ports can send until they are closed. For one thread, but a worker's ports and frames
 * are that worker's and the filter is the conductor's.
 */
public interface PacketEdge extends AutoCloseable {
    /** How many workers there are ports for. */
    int workers();

    /** A worker's ports, at least one on each interface, in the order of the interfaces. */
    List<PacketPort> ports(int worker);

    /** The free frames of a worker, after its ports have taken theirs. */
    FrameStack frames(int worker);

    TrafficFilter filter();

    /** What the interfaces are found to be; more is known after {@link #attach}. */
    List<InterfaceInfo> interfaces();

    /** Lets packets in. */
    void attach();

    /** Lets no more packets in. */
    void detach();

    /** Gives all back; the workers have stopped. */
    @Override
    void close();
}
