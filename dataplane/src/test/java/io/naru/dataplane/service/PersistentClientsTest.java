package io.naru.dataplane.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class PersistentClientsTest {
    private static final int MINUTE = PersistentClients.units(60);
    private static final int TICKS_PER_UNIT = 64;

    private record Remembered(int backendId, int units) {}

    private static long hash(final Random random) {
        return random.nextLong();
    }

    @Test
    void shouldAgreeWithAMapWhereThereIsRoom() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        final PersistentClients clients = new PersistentClients(1 << 16);
        final Map<Long, Remembered> model = new HashMap<>();
        final long[] hashes = random.longs(2_000).toArray();
        int ticks = Integer.MAX_VALUE - 50_000; // it wraps on the way
        for (int step = 0; step < 100_000; step++) {
            final String life = "seed " + seed + ", step " + step;
            ticks += random.nextInt(10);
            final long hash = hashes[random.nextInt(hashes.length)];
            final Remembered known = model.get(hash);
            final int units = ticks >>> 6;
            final boolean isLive = known != null && ((units - known.units) & 0x7f_ffff) <= MINUTE;
            final int found = clients.find(hash, ticks, MINUTE);
            assertEquals(isLive ? known.backendId : PersistentClients.NONE, found, life);
            if (random.nextBoolean()) {
                final int backendId = random.nextInt(16_384);
                assertEquals(backendId, clients.put(hash, found, backendId, ticks, MINUTE), life);
                model.put(hash, new Remembered(backendId, units));
            }
        }
        assertEquals(0, clients.evicted(), "seed " + seed);
    }

    @Test
    void shouldForgetWhoeverWasNotHereForLongest() {
        final Random random = new Random(7);
        final PersistentClients clients = new PersistentClients(8);
        final long[] hashes = new long[9];
        for (int i = 0; i < hashes.length; i++) {
            hashes[i] = hash(random);
            clients.put(hashes[i], -1, i, i * TICKS_PER_UNIT, MINUTE);
            if (i == 7) {
                clients.put(hashes[0], 0, 0, i * TICKS_PER_UNIT, MINUTE); // here again
            }
        }

        assertEquals(1, clients.evicted());
        for (int i = 0; i < hashes.length; i++) {
            assertEquals(
                    i == 1 ? -1 : i, clients.find(hashes[i], 8 * TICKS_PER_UNIT, MINUTE), "" + i);
        }
    }

    @Test
    void shouldNotCountAsEvictedWhoseTimeIsOver() {
        final Random random = new Random(8);
        final PersistentClients clients = new PersistentClients(8);
        for (int i = 0; i < 8; i++) {
            clients.put(hash(random), -1, i, 0, MINUTE);
        }
        clients.put(hash(random), -1, 8, (MINUTE + 1) * TICKS_PER_UNIT, MINUTE);

        assertEquals(0, clients.evicted());
    }

    @Test
    void shouldTakeOverWhatAnotherWorkerHasChosen() {
        final PersistentClients clients = new PersistentClients(64);
        final long hash = 0x1234_5678_9abc_def0L;
        assertEquals(-1, clients.find(hash, 0, MINUTE));

        assertEquals(3, clients.put(hash, -1, 3, 0, MINUTE));
        assertEquals(3, clients.put(hash, -1, 4, 0, MINUTE));
        assertEquals(4, clients.put(hash, 3, 4, 0, MINUTE));
        assertEquals(4, clients.find(hash, 0, MINUTE));
    }

    @Test
    void shouldGiveAllWorkersTheSameBackend() throws InterruptedException {
        final int workers = 4;
        final int count = 20_000;
        final long seed = System.nanoTime();
        final PersistentClients clients = new PersistentClients(1 << 18);
        final long[] hashes = new Random(seed).longs(count).toArray();
        final int[][] chosen = new int[workers][count];
        final CountDownLatch start = new CountDownLatch(workers);
        final List<Thread> threads = new ArrayList<>();
        for (int worker = 0; worker < workers; worker++) {
            final int self = worker;
            final Thread thread =
                    new Thread(
                            () -> {
                                start.countDown();
                                for (int i = 0; i < count; i++) {
                                    final int found = clients.find(hashes[i], 0, MINUTE);
                                    chosen[self][i] =
                                            found != -1
                                                    ? found
                                                    : clients.put(
                                                            hashes[i], found, self, 0, MINUTE);
                                }
                            });
            threads.add(thread);
            thread.start();
        }
        for (final Thread thread : threads) {
            thread.join();
        }

        for (int i = 0; i < count; i++) {
            for (int worker = 1; worker < workers; worker++) {
                assertEquals(chosen[0][i], chosen[worker][i], "seed " + seed + ", client " + i);
            }
        }
    }

    @Test
    void shouldAllocateNothing() {
        final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        final PersistentClients clients = new PersistentClients(64);
        final FlowRates rates = new FlowRates();
        long before = 0;
        for (int i = 0; i < 20_000; i++) {
            if (i == 10_000) {
                before = threads.getCurrentThreadAllocatedBytes();
            }
            final long hash = i * 0x9e37_79b9_7f4a_7c15L;
            clients.put(hash, clients.find(hash, i, MINUTE), i & 1_023, i, MINUTE);
            rates.takeOfBackend(1, 1_000, i);
        }

        assertEquals(0, threads.getCurrentThreadAllocatedBytes() - before);
        assertTrue(clients.evicted() > 0);
    }

    @Test
    void shouldRefuseOddCapacities() {
        assertEquals(
                "capacity must be a power of two of at least 8: 12",
                assertThrows(IllegalArgumentException.class, () -> new PersistentClients(12))
                        .getMessage());
    }
}
