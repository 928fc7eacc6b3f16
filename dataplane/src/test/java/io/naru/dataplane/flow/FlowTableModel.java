package io.naru.dataplane.flow;

import static io.naru.dataplane.flow.FlowEntry.TO_BACKEND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.packet.RawMemory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * The slow twin of {@link FlowTable}: a map by the flow's tuple, and the rules of
 * docs/flow-table.md written a second time, one bucket and one slot after the other.
 */
final class FlowTableModel implements FlowListener {
    /** A free slot is looked for in this order. */
    private static final int[] SLOT_ORDER = {0, 4, 1, 5, 2, 6, 3};

    static final class Flow {
        final FlowKey key;
        final long entry;
        final int created;
        int lastSeen;
        int state;

        Flow(final FlowKey key, final long entry, final int state, final int now) {
            this.key = key;
            this.entry = entry;
            this.state = state;
            this.created = now;
            this.lastSeen = now;
        }
    }

    private final Map<FlowKey, Flow> flows = new HashMap<>();
    private final Map<Long, Flow> byEntry = new HashMap<>();
    private final Map<List<Integer>, List<Flow>> byClient = new HashMap<>();
    private final List<FlowKey> keys = new ArrayList<>();
    private final long region;
    private final FlowHash hash;
    private final FlowTimeouts timeouts;

    int expiries;
    int evictions;
    int now;

    /** What the table is about to evict by the rules, or null. */
    private Flow expectedVictim;

    FlowTableModel(final long region, final FlowHash hash, final FlowTimeouts timeouts) {
        this.region = region;
        this.hash = hash;
        this.timeouts = timeouts;
    }

    int size() {
        return flows.size();
    }

    Flow get(final FlowKey key) {
        return flows.get(key);
    }

    /** The flow that a packet with the addresses of {@code key} belongs to, or null. */
    Flow find(final FlowKey key, final int direction) {
        for (final Flow flow : byClient.getOrDefault(key.client(), List.of())) {
            if (flow.key.keyA(direction) == key.keyA(direction)
                    && flow.key.keyB(direction) == key.keyB(direction)) {
                return flow;
            }
        }

        return null;
    }

    Flow random(final Random random) {
        return keys.isEmpty() ? null : flows.get(keys.get(random.nextInt(keys.size())));
    }

    boolean isExpired(final Flow flow) {
        return now - flow.lastSeen > (timeouts.timeoutNs(flow.state) >> FlowEntry.TICK_SHIFT) + 1;
    }

    boolean canBeSpared(final Flow flow) {
        return FlowState.isEnded(flow.state) || isExpired(flow);
    }

    /** Works out what {@link FlowTable#insert} is to return; the victim, if any, is noted. */
    long expectInsert(final FlowKey key, final int capacity) {
        int size = flows.size();
        Flow conflict = null;
        for (final Flow other : byClient.getOrDefault(key.client(), List.of())) {
            if (key.backendIp() != 0
                    && other.key.backendIp() == key.backendIp()
                    && other.key.backendPort() == key.backendPort()) {
                conflict = other;
            }
        }
        if (conflict != null && !canBeSpared(conflict)) {
            return FlowTable.CONFLICT;
        }

        final int[] probes = probes(key);
        if (conflict != null) {
            expectedVictim = conflict;
            size--;
        }
        if (size < capacity) {
            final long free = firstFree(probes, conflict);
            if (free != FlowTable.NONE) {
                return free;
            }
        }

        for (int probe = 0; probe < 4; probe++) {
            final Flow victim = victim(probes[probe], conflict);
            if (victim != null) {
                assertTrue(conflict == null, "the model knows one victim at a time");
                expectedVictim = victim;
                return firstFree(probes, victim);
            }
        }

        return FlowTable.NONE;
    }

    private long firstFree(final int[] probes, final Flow freed) {
        for (final int bucket : probes) {
            for (final int slot : SLOT_ORDER) {
                if (tag(bucket, slot) == 0
                        || (freed != null && freed.entry == entry(bucket, slot))) {
                    return entry(bucket, slot);
                }
            }
        }

        return FlowTable.NONE;
    }

    private Flow victim(final int bucket, final Flow gone) {
        Flow oldest = null;
        for (int slot = 0; slot < 7; slot++) {
            final Flow flow = tag(bucket, slot) == 0 ? null : byEntry.get(entry(bucket, slot));
            if (flow == null || flow == gone) {
                continue;
            }
            if (canBeSpared(flow)) {
                return flow;
            }
            if (FlowState.isEmbryonic(flow.state)
                    && (oldest == null || now - flow.created > now - oldest.created)) {
                oldest = flow;
            }
        }

        return oldest;
    }

    void inserted(final FlowKey key, final long entry, final int state) {
        assertTrue(expectedVictim == null, "the victim was not ended");
        final Flow flow = new Flow(key, entry, state, now);
        flows.put(key, flow);
        byEntry.put(entry, flow);
        byClient.computeIfAbsent(key.client(), client -> new ArrayList<>()).add(flow);
        keys.add(key);
    }

    void removed(final Flow flow) {
        flows.remove(flow.key);
        byEntry.remove(flow.entry);
        byClient.get(flow.key.client()).remove(flow);
        keys.remove(flow.key);
    }

    @Override
    public void onFlowExpired(final long entry) {
        expiries++;
        final Flow flow = byEntry.get(entry);
        assertNotNull(flow, "expired twice, or never inserted");
        assertTrue(isExpired(flow), "expired too early");
        assertEquals(flow.key.clientIp(), FlowEntry.clientIpNet(entry), "still readable");
        if (expectedVictim == flow) {
            expectedVictim = null;
        }
        removed(flow);
    }

    @Override
    public void onFlowEvicted(final long entry) {
        evictions++;
        final Flow flow = byEntry.get(entry);
        assertEquals(expectedVictim, flow, "evicted another than the rules say");
        expectedVictim = null;
        removed(flow);
    }

    /** The region holds exactly the flows of the model, each where its packets will look. */
    void assertRegionIsSound(final String message) {
        final Map<Integer, Integer> overflow = new HashMap<>();
        for (final Flow flow : flows.values()) {
            boolean found = false;
            for (final int bucket : probes(flow.key)) {
                final long slot = (flow.entry - entry(bucket, 0)) / 64;
                if (slot >= 0 && slot < 7) {
                    assertEquals(tagOf(flow.key), tag(bucket, (int) slot), message);
                    found = true;
                    break;
                }
                overflow.merge(bucket, 1, Integer::sum);
            }
            assertTrue(found, message);
            assertEquals(flow.key.keyA(TO_BACKEND), keyA(flow.entry), message);
            assertEquals(flow.key.backendIp(), FlowEntry.backendIpNet(flow.entry), message);
        }

        int tags = 0;
        for (int bucket = 0; bucket < lines() * 4; bucket++) {
            for (int slot = 0; slot < 7; slot++) {
                tags += tag(bucket, slot) == 0 ? 0 : 1;
            }
            assertEquals(overflow.getOrDefault(bucket, 0), tag(bucket, 7), message);
        }
        assertEquals(flows.size(), tags, message);
        for (int i = 0; i < 64; i++) {
            assertFalse(RawMemory.getByte(region + 64 + i) != 0, "the none-entry was written to");
        }
    }

    /** The 32 buckets of a flow, in order. */
    int[] probes(final FlowKey key) {
        final long hashed = key.hash(hash);
        final long buckets = lines() * 4L;
        final int first = (int) (((hashed >>> 16 & 0xffff_ffffL) * buckets) >> 32);
        final long stride = 1 + (((lines() - 1) / 7 * (long) tagOf(key)) >> 16);
        final int[] probes = new int[32];
        for (int probe = 0; probe < 32; probe++) {
            final long line = (first / 4 + probe / 4 * stride) % lines();
            probes[probe] = (int) (line * 4 + (first % 4 ^ probe % 4));
        }

        return probes;
    }

    int tagOf(final FlowKey key) {
        return Math.max(1, (int) (key.hash(hash) & 0xffff));
    }

    private int lines() {
        return RawMemory.getInt(region + 16);
    }

    private int tag(final int bucket, final int slot) {
        return RawMemory.getShort(region + 128 + bucket * 16L + slot * 2L) & 0xffff;
    }

    private long entry(final int bucket, final int slot) {
        return region + 128 + lines() * 64L + (bucket * 7L + slot) * 64;
    }

    private static long keyA(final long entry) {
        return RawMemory.getLong(entry + FlowEntry.CLIENT_IP_OFFSET);
    }
}
