package io.naru.dataplane.port.xdp;

import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.port.PacketPort;
import io.naru.linux.xdp.CompletionRing;
import io.naru.linux.xdp.FillRing;
import io.naru.linux.xdp.RxRing;
import io.naru.linux.xdp.TxRing;
import io.naru.linux.xdp.XskSocket;
import io.naru.linux.xdp.XskStatistics;

/**
 * Packets in and out of one queue of one interface, through an AF_XDP socket.
 *
 * <pre>
 *                   ┌────────── fill ────────► kernel ──────── rx ───────────┐ receive()
 *   FrameStack ─────┤ flush()                                                ▼
 *        ▲          └ completion ◄──────────── kernel ◄──────── tx ──────── burst
 *        └───────────────┘ flush()                               transmit(), flush()
 * </pre>
 *
 * The rings are plain memory; the kernel is called once in a {@link #flush} at most, and only when
 * it says that it sleeps. Allocates nothing after construction.
 */
public final class XdpPort implements PacketPort {
    /** Frames that one flush takes back, and as many that it gives away, at most. */
    private static final int FLUSH_LIMIT = 4 * PacketBurst.CAPACITY;

    private final RxRing rx;
    private final TxRing tx;
    private final FillRing fill;
    private final CompletionRing completion;
    private final FrameStack free;
    private final long umemAddress;
    private final int interfaceIndex;
    private final long macNet;
    private final int vlan;
    private final XskSocket socket;

    private int framesHeld;
    private long wakeUps;
    private long wakeUpsRefused;

    /**
     * @param socket closed with this port.
     * @param umemAddress of the memory that the socket's frames are in.
     * @param free the worker's free frames; enough of them are taken to fill the fill ring.
     * @param interfaceIndex the number of the interface in the configuration.
     * @param macNet the interface's MAC, as it is loaded from a frame.
     * @param vlan of the frames; 0 if they have no tag.
     */
    XdpPort(
            final XskSocket socket,
            final long umemAddress,
            final FrameStack free,
            final int interfaceIndex,
            final long macNet,
            final int vlan) {
        this.socket = socket;
        this.rx = socket.rx();
        this.tx = socket.tx();
        this.fill = socket.fill();
        this.completion = socket.completion();
        this.free = free;
        this.umemAddress = umemAddress;
        this.interfaceIndex = interfaceIndex;
        this.macNet = macNet;
        this.vlan = vlan;
        fillUp(fill.size());
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
    public int vlan() {
        return vlan;
    }

    /** The queue of the interface. */
    public int queue() {
        return socket.queue().queue();
    }

    /** What the filter redirects to. */
    int socketFd() {
        return socket.fd();
    }

    @Override
    public int receive(final PacketBurst burst) {
        final RxRing rx = this.rx;
        final long umemAddress = this.umemAddress;
        final int interfaceIndex = this.interfaceIndex;
        final int count = rx.peek(PacketBurst.CAPACITY);
        for (int i = 0; i < count; i++) {
            burst.address[i] = umemAddress + rx.offset(i);
            burst.length[i] = rx.length(i);
            burst.ingress[i] = interfaceIndex;
        }

        burst.count = count;
        if (count > 0) {
            rx.release(count);
            framesHeld -= count;
        }

        return count;
    }

    @Override
    public boolean transmit(final long address, final int length) {
        if (!tx.put(address - umemAddress, length)) {
            return false;
        }

        framesHeld++;
        return true;
    }

    @Override
    public int flush() {
        final int submitted = tx.submit();
        final int takenBack = takeBackSent();
        final int filled = fillUp(FLUSH_LIMIT);
        final int woken = wakeKernel();
        return submitted + takenBack + filled + woken;
    }

    @Override
    public int framesHeld() {
        return framesHeld;
    }

    /** System calls made so far; by the worker. */
    public long wakeUps() {
        return wakeUps;
    }

    /** Those of them that the kernel could not follow right then, as it is normal under load. */
    public long wakeUpsRefused() {
        return wakeUpsRefused;
    }

    /** What the kernel has counted; by any thread, not on the packet path. */
    public XskStatistics statistics() {
        return socket.statistics();
    }

    /** The frames on its rings are gone with the socket; the UMEM is to be closed, too. */
    @Override
    public void close() {
        socket.close();
    }

    private int takeBackSent() {
        final CompletionRing completion = this.completion;
        final FrameStack free = this.free;
        final int count = completion.peek(FLUSH_LIMIT);
        if (count > 0) {
            for (int i = 0; i < count; i++) {
                free.push(umemAddress + completion.offset(i));
            }

            completion.release(count);
            framesHeld -= count;
        }

        return count;
    }

    private int fillUp(final int limit) {
        final FillRing fill = this.fill;
        final FrameStack free = this.free;
        final int count = fill.reserve(Math.min(limit, free.size()));
        if (count > 0) {
            for (int i = 0; i < count; i++) {
                fill.put(free.pop() - umemAddress);
            }

            fill.submit();
            framesHeld += count;
        }

        return count;
    }

    /** Packets that the kernel has left on the ring are a reason to call it, too. */
    private int wakeKernel() {
        final boolean forTx = tx.pending() > 0 && tx.needsWakeup();
        final boolean forRx = fill.needsWakeup();
        if (!forTx && !forRx) {
            return 0;
        }

        wakeUps++;
        if (!socket.wake(forTx, forRx)) {
            wakeUpsRefused++;
        }

        return forTx ? 1 : 0;
    }
}
