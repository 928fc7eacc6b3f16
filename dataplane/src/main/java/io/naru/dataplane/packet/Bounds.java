package io.naru.dataplane.packet;

import java.util.Map;
import java.util.NavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * The regions of memory that {@link RawMemory} may touch while assertions are on.
 *
 * <p>Owners of mapped memory announce it ({@link #add}) and take it back before they unmap it
 * ({@link #remove}). A fuzz test narrows the view to a single frame with {@link #add} of just that
 * frame. Never consulted in production, where assertions are off.
 */
public final class Bounds {
    private static final NavigableMap<Long, Long> END_BY_START = new ConcurrentSkipListMap<>();

    private Bounds() {}

    public static void add(final long address, final long lengthBytes) {
        END_BY_START.put(address, address + lengthBytes);
    }

    public static void remove(final long address) {
        END_BY_START.remove(address);
    }

    static boolean allow(final long address, final long lengthBytes) {
        final Map.Entry<Long, Long> region = END_BY_START.floorEntry(address);
        if (region != null && address + lengthBytes <= region.getValue()) {
            return true;
        }

        // a region may begin further down and have others, announced later, inside
        for (final long end : END_BY_START.headMap(address, true).values()) {
            if (address + lengthBytes <= end) {
                return true;
            }
        }

        throw new AssertionError(
                "access to %d bytes at 0x%x is outside every announced region"
                        .formatted(lengthBytes, address));
    }
}
