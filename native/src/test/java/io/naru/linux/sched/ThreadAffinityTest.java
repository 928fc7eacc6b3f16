package io.naru.linux.sched;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.linux.Errno;
import io.naru.linux.LinuxException;
import java.util.BitSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ThreadAffinityTest {
    @Test
    void shouldPinTheCallingThreadAndNoOther() throws Exception {
        // given
        final BitSet before = ThreadAffinity.cpus();
        assertFalse(before.isEmpty());
        final int cpu = before.length() - 1;

        // when a thread of its own pins itself
        final CompletableFuture<BitSet> pinned = new CompletableFuture<>();
        final Thread thread =
                new Thread(
                        () -> {
                            ThreadAffinity.pinTo(cpu);
                            pinned.complete(ThreadAffinity.cpus());
                        });
        thread.start();

        // then
        assertEquals(BitSet.valueOf(new long[] {1L << cpu}), pinned.get(10, TimeUnit.SECONDS));
        assertEquals(before, ThreadAffinity.cpus());
    }

    @Test
    void shouldSayWhichCpusThereAreWhenThereIsNoSuchCpu() {
        final LinuxException refused =
                assertThrows(
                        LinuxException.class,
                        () -> ThreadAffinity.pinTo(ThreadAffinity.CPUS_MAX - 1));

        assertEquals(Errno.EINVAL, refused.errno());
        assertEquals(
                "sched_setaffinity of CPU 1023: EINVAL (Invalid argument): the process may run on"
                        + " CPUs %s: name one of these".formatted(ThreadAffinity.cpus()),
                refused.getMessage());
        assertTrue(
                assertThrows(
                                IllegalArgumentException.class,
                                () -> ThreadAffinity.pinTo(ThreadAffinity.CPUS_MAX))
                        .getMessage()
                        .endsWith("1024"));
    }
}
