package io.naru.dataplane.port;

/**
 * Packets in and out of one queue of one interface.
 *
 * <p>A port belongs to one worker and is used by that worker's thread only. All ports of a process
 * share one region of frames (the UMEM), so a packet received on one port may be sent on any other.
 * A frame is owned by exactly one party at a time: by the port (on its fill or transmit ring), by
 * the burst it was received into, by a hand-over ring, or by the worker's {@link FrameStack}.
 */
public interface PacketPort extends AutoCloseable {
    /** The number of the interface in the configuration, from 0; the same on every worker. */
    int interfaceIndex();

    /** The interface's own MAC, in the low 48 bits, first octet lowest: as a long is loaded. */
    long macNet();

    /** The VLAN whose frames alone come and go by the interface, tagged; 0 if they have no tag. */
    default int vlan() {
        return 0;
    }

    /**
     * Takes up to {@link PacketBurst#CAPACITY} received packets.
     *
     * <p>Sets {@code count} and, for each packet, {@code address}, {@code length} and {@code
     * ingress} of the burst; the frames now belong to the burst.
     *
     * @return how many packets were taken.
     */
    int receive(PacketBurst burst);

    /**
     * Queues one packet for sending; nothing is sent before {@link #flush()}.
     *
     * @param address of the packet's first byte, anywhere in its frame.
     * @param length of the packet in bytes.
     * @return false if the transmit ring is full: the frame still belongs to the caller.
     */
    boolean transmit(long address, int length);

    /**
     * Hands what was queued to the kernel, takes back the frames that were sent and gives free
     * frames to the receive side, all in a bounded number of steps and with at most one system
     * call.
     *
     * @return the amount of work done, 0 if there was nothing to do.
     */
    int flush();

    /** Frames that the port holds (fill, receive, transmit and completion rings). */
    int framesHeld();

    @Override
    void close();
}
