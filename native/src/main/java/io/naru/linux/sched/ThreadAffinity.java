package io.naru.linux.sched;

import io.naru.linux.Libc;
import io.naru.linux.LinuxException;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.BitSet;
import org.agrona.concurrent.UnsafeBuffer;

/** Binds the calling thread to CPUs: sched_setaffinity(2). */
public final class ThreadAffinity {
    /** CPUs in a mask: glibc's CPU_SETSIZE. */
    public static final int CPUS_MAX = 1024;

    private static final int CALLING_THREAD = 0;

    private ThreadAffinity() {}

    /**
     * Lets the calling thread run on one CPU only.
     *
     * @throws LinuxException if there is no such CPU, or the process may not use it.
     */
    public static void pinTo(final int cpu) {
        if (cpu < 0 || cpu >= CPUS_MAX) {
            throw new IllegalArgumentException(
                    "cpu must be from 0 to " + (CPUS_MAX - 1) + ": " + cpu);
        }

        final BitSet cpus = new BitSet();
        cpus.set(cpu);
        final UnsafeBuffer mask = mask();
        final byte[] bytes = cpus.toByteArray();
        mask.putBytes(0, bytes);
        try {
            LinuxException.check(
                    Libc.schedSetaffinity(CALLING_THREAD, mask.capacity(), mask.addressOffset()),
                    "sched_setaffinity",
                    "CPU " + cpu,
                    "the process may run on CPUs " + cpus() + ": name one of these");
        } finally {
            Reference.reachabilityFence(mask);
        }
    }

    /** The CPUs that the calling thread may run on. */
    public static BitSet cpus() {
        final UnsafeBuffer mask = mask();
        try {
            final int length =
                    LinuxException.check(
                            Libc.schedGetaffinity(
                                    CALLING_THREAD, mask.capacity(), mask.addressOffset()),
                            "sched_getaffinity",
                            "",
                            "");
            final byte[] bytes = new byte[length];
            mask.getBytes(0, bytes);
            return BitSet.valueOf(bytes);
        } finally {
            Reference.reachabilityFence(mask);
        }
    }

    private static UnsafeBuffer mask() {
        return new UnsafeBuffer(ByteBuffer.allocateDirect(CPUS_MAX / Byte.SIZE));
    }
}
