package io.naru.dataplane;

import io.naru.dataplane.packet.Bounds;
import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.port.PacketPort;
import io.naru.dataplane.port.memory.MemoryFrames;
import io.naru.dataplane.port.memory.MemoryPort;
import java.util.HexFormat;
import java.util.function.Consumer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Watches every frame of a {@link WorkerRig}: while a packet is in it, nothing but the packet and
 * the room for headers in front of it may be touched; what is sent is looked at by {@link
 * FrameChecker}.
 */
final class FrameWatch implements WorkerRig.Watch {
    /** For an outer IPv6 header, GRE with all its fields, and a VLAN tag. */
    private static final int ROOM_IN_FRONT = 64;

    private final Consumer<byte[]> onSent;
    private final UnsafeBuffer view = new UnsafeBuffer(0, 0);
    private Window[] windows;
    private long base;
    private int given;
    private long received;
    private long sent;
    private long made;

    /**
     * @param onSent is shown every frame that was sent.
     */
    FrameWatch(final Consumer<byte[]> onSent) {
        this.onSent = onSent;
    }

    /** Frames that were received. */
    long received() {
        return received;
    }

    /** Frames that were sent. */
    long sent() {
        return sent;
    }

    /** Of those, frames that were not received. */
    long made() {
        return made;
    }

    @Override
    public FrameStack share(final MemoryFrames frames, final int count) {
        return new WatchedStack(frames, count);
    }

    @Override
    public PacketPort watched(final MemoryPort port) {
        return new WatchedPort(port);
    }

    /** Forgets the frames. */
    void close() {
        for (final Window window : windows) {
            Bounds.remove(window.start);
        }
    }

    /** Frames that nobody has a packet in may be touched anywhere. */
    private final class WatchedStack extends FrameStack {
        WatchedStack(final MemoryFrames all, final int count) {
            super(all.frameCount(), all.frameSizeBytes());
            if (windows == null) {
                windows = new Window[all.frameCount()];
                base = all.address();
                Bounds.remove(base);
                for (int k = 0; k < windows.length; k++) {
                    windows[k] = new Window(base + (long) k * WorkerRig.FRAME_SIZE);
                    windows[k].open();
                }
            }
            for (int k = 0; k < count; k++) {
                push(base + (long) given++ * WorkerRig.FRAME_SIZE);
            }
        }

        @Override
        public void push(final long address) {
            windowOf(address).open();
            super.push(address);
        }
    }

    private Window windowOf(final long address) {
        return windows[(int) ((address - base) / WorkerRig.FRAME_SIZE)];
    }

    /** What may be touched of a frame. */
    private static final class Window {
        final long chunk;
        private long start;
        private boolean isNarrow;
        String problem; // of the packet that is in it, as it came

        Window(final long chunk) {
            this.chunk = chunk;
        }

        void open() {
            if (start == 0 || isNarrow) {
                Bounds.remove(start);
                start = chunk;
                Bounds.add(chunk, WorkerRig.FRAME_SIZE);
                isNarrow = false;
                problem = null;
            }
        }

        void narrow(final long address, final int length) {
            Bounds.remove(start);
            start = address - ROOM_IN_FRONT;
            Bounds.add(start, ROOM_IN_FRONT + length);
            isNarrow = true;
        }
    }

    /** A port that looks at everything that passes. */
    private final class WatchedPort implements PacketPort {
        private final MemoryPort port;

        WatchedPort(final MemoryPort port) {
            this.port = port;
        }

        @Override
        public int interfaceIndex() {
            return port.interfaceIndex();
        }

        @Override
        public long macNet() {
            return port.macNet();
        }

        @Override
        public int vlan() {
            return port.vlan();
        }

        @Override
        public int receive(final PacketBurst burst) {
            final int count = port.receive(burst);
            received += count;
            for (int i = 0; i < count; i++) {
                final Window window = windowOf(burst.address[i]);
                final String problem =
                        FrameChecker.problem(bytes(burst.address[i], burst.length[i]));
                window.narrow(burst.address[i], burst.length[i]);
                window.problem = problem == null ? "" : problem;
            }
            return count;
        }

        @Override
        public boolean transmit(final long address, final int length) {
            if (!port.transmit(address, length)) {
                return false;
            }

            final Window window = windowOf(address);
            final byte[] frame = bytes(address, length);
            final String problem = FrameChecker.problem(frame);
            sent++;
            made += window.problem == null ? 1 : 0;
            if (problem != null && (window.problem == null || window.problem.isEmpty())) {
                throw new AssertionError(
                        "%s in a frame that %s: %s"
                                .formatted(
                                        problem,
                                        window.problem == null ? "we made" : "came in order",
                                        HexFormat.of().formatHex(frame)));
            }

            window.open();
            onSent.accept(vlan() == 0 ? frame : WorkerRig.untagged(frame, vlan()));
            return true;
        }

        @Override
        public int flush() {
            return port.flush();
        }

        @Override
        public int framesHeld() {
            return port.framesHeld();
        }

        @Override
        public void close() {
            port.close();
        }

        private byte[] bytes(final long address, final int length) {
            final byte[] bytes = new byte[length];
            view.wrap(address, length);
            view.getBytes(0, bytes);
            return bytes;
        }
    }
}
