package io.naru.dataplane.service;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;

/**
 * The services of one VIP and protocol that have more than one port, as disjoint segments of the
 * port numbers in ascending order.
 *
 * <p>A narrower range wins over a wider one around it, so that "any port" may be the rest of what
 * other services leave.
 */
final class PortRanges {
    private static final int NO_SERVICE = -1;

    private final int[] firstPorts;
    private final int[] serviceIds;

    PortRanges(final List<Range> ranges) {
        final TreeMap<Integer, Integer> serviceByFirstPort = new TreeMap<>();
        serviceByFirstPort.put(0, NO_SERVICE);
        final List<Range> widestFirst = new ArrayList<>(ranges);
        widestFirst.sort(Comparator.comparingInt(Range::width).reversed());
        for (final Range range : widestFirst) {
            final int after = serviceByFirstPort.floorEntry(range.last + 1).getValue();
            serviceByFirstPort.subMap(range.first, range.last + 2).clear();
            serviceByFirstPort.put(range.first, range.serviceId);
            serviceByFirstPort.put(range.last + 1, after);
        }

        final List<Integer> first = new ArrayList<>(serviceByFirstPort.keySet());
        firstPorts = first.stream().mapToInt(Integer::intValue).toArray();
        serviceIds = first.stream().mapToInt(serviceByFirstPort::get).toArray();
    }

    /**
     * @param port host order.
     * @return a service id or -1.
     */
    int serviceOf(final int port) {
        int low = 0;
        int high = firstPorts.length - 1;
        while (low < high) {
            final int middle = (low + high + 1) >>> 1;
            if (firstPorts[middle] <= port) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }

        return serviceIds[low];
    }

    /** Two ranges that cross, or null if every two are apart or one inside the other. */
    static List<Range> crossing(final List<Range> ranges) {
        final List<Range> sorted = new ArrayList<>(ranges);
        Collections.sort(
                sorted,
                Comparator.comparingInt(Range::first)
                        .thenComparing(Comparator.comparingInt(Range::last).reversed()));
        final List<Range> around = new ArrayList<>();
        for (final Range range : sorted) {
            while (!around.isEmpty() && around.get(around.size() - 1).last < range.first) {
                around.remove(around.size() - 1);
            }
            if (!around.isEmpty()) {
                final Range outer = around.get(around.size() - 1);
                if (outer.last < range.last || outer.width() == range.width()) {
                    return List.of(outer, range);
                }
            }
            around.add(range);
        }

        return null;
    }

    /** The ports of a service, host order, both ends included. */
    record Range(int serviceId, int first, int last) {
        int width() {
            return last - first;
        }
    }
}
