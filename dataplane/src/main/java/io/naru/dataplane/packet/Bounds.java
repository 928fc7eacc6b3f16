package io.naru.dataplane.packet;

import java.util.Arrays;

/**
 * The regions of memory that {@link RawMemory} may touch while assertions are on.
 *
 * <p>Owners of mapped memory announce it ({@link #add}) and take it back before they unmap it
 * ({@link #remove}). A fuzz test narrows the view to the bytes of a packet. Never consulted in
 * production, where assertions are off.
 */
public final class Bounds {
    private static final Regions NONE = new Regions(new long[0], new long[0]);

    private static volatile Regions regions = NONE;

    private Bounds() {}

    public static synchronized void add(final long address, final long lengthBytes) {
        final Regions old = regions;
        final int found = old.find(address);
        final int at = found < 0 ? -found - 1 : found;
        final int extra = found < 0 ? 1 : 0;
        final long[] starts = Arrays.copyOf(old.starts, old.starts.length + extra);
        final long[] ends = Arrays.copyOf(old.ends, old.ends.length + extra);
        if (found < 0) {
            System.arraycopy(old.starts, at, starts, at + 1, old.starts.length - at);
            System.arraycopy(old.ends, at, ends, at + 1, old.ends.length - at);
        }

        starts[at] = address;
        ends[at] = address + lengthBytes;
        regions = new Regions(starts, ends);
    }

    public static synchronized void remove(final long address) {
        final Regions old = regions;
        final int at = old.find(address);
        if (at < 0) {
            return;
        }

        final int left = old.starts.length - 1;
        final long[] starts = Arrays.copyOf(old.starts, left);
        final long[] ends = Arrays.copyOf(old.ends, left);
        System.arraycopy(old.starts, at + 1, starts, at, left - at);
        System.arraycopy(old.ends, at + 1, ends, at, left - at);
        regions = new Regions(starts, ends);
    }

    static boolean allow(final long address, final long lengthBytes) {
        if (regions.isInside(address, address + lengthBytes)) {
            return true;
        }

        throw new AssertionError(
                "access to %d bytes at 0x%x is outside every announced region"
                        .formatted(lengthBytes, address));
    }

    /** In the order of their addresses; never changed. */
    private static final class Regions {
        private final long[] starts;
        private final long[] ends;
        private int latest; // which one was asked for last: the next access is often there too

        Regions(final long[] starts, final long[] ends) {
            this.starts = starts;
            this.ends = ends;
        }

        int find(final long address) {
            return Arrays.binarySearch(starts, address);
        }

        boolean isInside(final long address, final long end) {
            final int guess = latest;
            if (guess < starts.length && starts[guess] <= address && end <= ends[guess]) {
                return true;
            }

            final int found = find(address);
            // a region may begin further down and have others, announced later, inside
            for (int i = found < 0 ? -found - 2 : found; i >= 0; i--) {
                if (end <= ends[i]) {
                    latest = i;
                    return true;
                }
            }

            return false;
        }
    }
}
