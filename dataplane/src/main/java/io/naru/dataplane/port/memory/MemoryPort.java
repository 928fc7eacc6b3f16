package io.naru.dataplane.port.memory;

import io.naru.dataplane.port.FrameRing;
import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.port.PacketPort;

/**
 * A port whose wire is in this process: somebody injects packets and collects what was sent.
 *
 * <p>Has the four rings of an AF_XDP socket and their ownership rules, so that what holds on this
 * port holds on that one. One thread is the worker ({@link PacketPort}'s methods), one other thread
 * (or the same, in a test) is the wire.
 *
 * <pre>
 *   worker ── fill ──► wire        empty frames to receive into
 *   worker ◄── rx ──── wire        packets received
 *   worker ── tx ────► wire        packets to send
 *   worker ◄─ completion ─ wire    frames that were sent
 * </pre>
 */
public final class MemoryPort implements PacketPort {
    /** Where a received packet begins in its frame: the kernel's XDP_PACKET_HEADROOM. */
    public static final int HEADROOM_BYTES = 256;

    private final int interfaceIndex;
    private final long macNet;
    private final int vlan;
    private final FrameStack free;
    private final FrameRing fill;
    private final FrameRing rx;
    private final FrameRing tx;
    private final FrameRing completion;
    private final MemoryWire wire;
    private int framesHeld;

    /**
     * @param interfaceIndex the number of the interface in the configuration.
     * @param macNet the interface's MAC, as it is loaded from a frame.
     * @param free the worker's free frames; a share of them is taken to receive into.
     * @param frameSizeBytes the size of a frame's chunk.
     * @param ringSize frames on each ring at most, a power of two.
     */
    public MemoryPort(
            final int interfaceIndex,
            final long macNet,
            final FrameStack free,
            final int frameSizeBytes,
            final int ringSize) {
        this(interfaceIndex, macNet, 0, free, frameSizeBytes, ringSize);
    }

    /**
     * The same in a VLAN.
     *
     * @param vlan of the frames; 0 if they have no tag.
     */
    public MemoryPort(
            final int interfaceIndex,
            final long macNet,
            final int vlan,
            final FrameStack free,
            final int frameSizeBytes,
            final int ringSize) {
        this.vlan = vlan;
        this.interfaceIndex = interfaceIndex;
        this.macNet = macNet;
        this.free = free;
        this.fill = new FrameRing(ringSize);
        this.rx = new FrameRing(ringSize);
        this.tx = new FrameRing(ringSize);
        this.completion = new FrameRing(ringSize);
        this.wire = new MemoryWire(fill, rx, tx, completion, frameSizeBytes - HEADROOM_BYTES);
        fillUp();
    }

    @Override
    public int vlan() {
        return vlan;
    }

    /** The other end: where packets are injected and collected. */
    public MemoryWire wire() {
        return wire;
    }

    @Override
    public int interfaceIndex() {
        return interfaceIndex;
    }

    @Override
    public long macNet() {
        return macNet;
    }

    @Override
    public int receive(final PacketBurst burst) {
        final int count = rx.peek(PacketBurst.CAPACITY);
        for (int i = 0; i < count; i++) {
            burst.address[i] = rx.address(i);
            burst.length[i] = rx.length(i);
            burst.ingress[i] = interfaceIndex;
        }

        rx.release(count);
        burst.count = count;
        framesHeld -= count;
        return count;
    }

    @Override
    public boolean transmit(final long address, final int length) {
        if (!tx.offer(address, length, interfaceIndex)) {
            return false;
        }

        framesHeld++;
        return true;
    }

    @Override
    public int flush() {
        tx.publish();
        return takeBackSent() + fillUp();
    }

    @Override
    public int framesHeld() {
        return framesHeld;
    }

    @Override
    public void close() {}

    private int takeBackSent() {
        final int count = completion.peek(completion.capacity());
        for (int i = 0; i < count; i++) {
            free.push(completion.address(i));
        }

        completion.release(count);
        framesHeld -= count;
        return count;
    }

    private int fillUp() {
        int count = 0;
        for (long chunk = free.pop(); chunk != 0; chunk = free.pop()) {
            if (!fill.offer(chunk, 0, interfaceIndex)) {
                free.push(chunk);
                break;
            }
            count++;
        }

        fill.publish();
        framesHeld += count;
        return count;
    }
}
