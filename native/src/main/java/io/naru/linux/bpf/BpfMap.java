package io.naru.linux.bpf;

import static io.naru.linux.bpf.BpfAttributes.KEY_OFFSET;
import static io.naru.linux.bpf.BpfAttributes.MAP_FD_OFFSET;
import static io.naru.linux.bpf.BpfAttributes.VALUE_OFFSET;

import io.naru.linux.Errno;
import io.naru.linux.Libc;
import io.naru.linux.LinuxException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A BPF map: state that programs in the kernel read and write, and we too.
 *
 * <p>Keys and values are as the program lays them out, in the machine's order where it does not say
 * otherwise. Used by one thread at a time.
 */
public final class BpfMap implements AutoCloseable {
    private static final int BPF_MAP_TYPE_PERCPU_ARRAY = 6; // include/uapi/linux/bpf.h
    private static final int CPUS = possibleCpus();

    private final BpfMapDefinition definition;
    private final UnsafeBuffer key;
    private final UnsafeBuffer value;
    private final BpfAttributes element = new BpfAttributes();
    private final BpfAttributes elementsKey = new BpfAttributes(); // the kernel minds a value
    private final int fd;
    private boolean closed;

    private BpfMap(final BpfMapDefinition definition, final int fd) {
        this.definition = definition;
        this.fd = fd;
        key = direct(definition.keySize());
        value = direct(valueLength(definition));
        elementsKey.putInt(MAP_FD_OFFSET, fd).putPointer(KEY_OFFSET, key);
        element.putInt(MAP_FD_OFFSET, fd)
                .putPointer(KEY_OFFSET, key)
                .putPointer(VALUE_OFFSET, value);
    }

    /**
     * Makes an empty map.
     *
     * @throws LinuxException if the kernel refuses.
     */
    public static BpfMap create(final BpfMapDefinition definition) {
        final int fd =
                new BpfAttributes()
                        .putInt(BpfAttributes.MAP_TYPE_OFFSET, definition.type())
                        .putInt(BpfAttributes.KEY_SIZE_OFFSET, definition.keySize())
                        .putInt(BpfAttributes.VALUE_SIZE_OFFSET, definition.valueSize())
                        .putInt(BpfAttributes.MAX_ENTRIES_OFFSET, definition.maxEntries())
                        .putInt(BpfAttributes.MAP_FLAGS_OFFSET, definition.flags())
                        .putName(BpfAttributes.MAP_NAME_OFFSET, definition.name())
                        .call0(BpfAttributes.MAP_CREATE);
        LinuxException.check(
                fd, "bpf(BPF_MAP_CREATE)", definition.name(), BpfProgram.privilegeRemedy(-fd));
        return new BpfMap(definition, fd);
    }

    public int fd() {
        return fd;
    }

    public BpfMapDefinition definition() {
        return definition;
    }

    /**
     * Adds or replaces an element.
     *
     * @throws LinuxException if the map is full (E2BIG) or the kernel refuses otherwise.
     */
    public void put(final DirectBuffer elementKey, final DirectBuffer elementValue) {
        copy("key", elementKey, key);
        copy("value", elementValue, value);
        final int result = element.call0(BpfAttributes.MAP_UPDATE_ELEM);
        if (result < 0) {
            throw new LinuxException(
                    "bpf(BPF_MAP_UPDATE_ELEM)",
                    definition.name(),
                    -result,
                    result == -Errno.E2BIG
                            ? "the map holds at most %d entries: configure fewer"
                                    .formatted(definition.maxEntries())
                            : "");
        }
    }

    /** For a map from 32-bit numbers to 32-bit numbers. */
    public void put(final int elementKey, final int elementValue) {
        put(bufferOf(elementKey), bufferOf(elementValue));
    }

    /** Takes an element out; false if there is none. */
    public boolean remove(final DirectBuffer elementKey) {
        copy("key", elementKey, key);
        final int result = elementsKey.call0(BpfAttributes.MAP_DELETE_ELEM);
        if (result == -Errno.ENOENT) {
            return false;
        }

        LinuxException.check(result, "bpf(BPF_MAP_DELETE_ELEM)", definition.name(), "");
        return true;
    }

    /** Takes an element out of a map that has 32-bit numbers for keys; false if there is none. */
    public boolean remove(final int elementKey) {
        return remove(bufferOf(elementKey));
    }

    /** True if there is such an element. */
    public boolean contains(final DirectBuffer elementKey) {
        copy("key", elementKey, key);
        final int result = element.call0(BpfAttributes.MAP_LOOKUP_ELEM);
        if (result == -Errno.ENOENT) {
            return false;
        }

        LinuxException.check(result, "bpf(BPF_MAP_LOOKUP_ELEM)", definition.name(), "");
        return true;
    }

    /** The sum over all CPUs of one 64-bit element of a per-CPU array. */
    public long sum(final int index) {
        if (!contains(bufferOf(index))) {
            throw new IndexOutOfBoundsException("no element " + index + " in " + definition);
        }

        long sum = 0;
        for (int offset = 0; offset < value.capacity(); offset += Long.BYTES) {
            sum += value.getLong(offset);
        }

        return sum;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            Libc.close(fd);
        }
    }

    private void copy(
            final String what, final DirectBuffer source, final UnsafeBuffer destination) {
        if (source.capacity() != destination.capacity()) {
            throw new IllegalArgumentException(
                    "a %s of %s has %d bytes, not %d"
                            .formatted(
                                    what,
                                    definition.name(),
                                    destination.capacity(),
                                    source.capacity()));
        }

        destination.putBytes(0, source, 0, source.capacity());
    }

    private static UnsafeBuffer bufferOf(final int number) {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[Integer.BYTES]);
        buffer.putInt(0, number);
        return buffer;
    }

    private static UnsafeBuffer direct(final int lengthBytes) {
        return new UnsafeBuffer(ByteBuffer.allocateDirect(lengthBytes));
    }

    /** kernel/bpf/syscall.c, bpf_map_value_size(). */
    private static int valueLength(final BpfMapDefinition definition) {
        return definition.type() == BPF_MAP_TYPE_PERCPU_ARRAY
                ? BitUtil.align(definition.valueSize(), Long.BYTES) * CPUS
                : definition.valueSize();
    }

    /** CPUs that could ever be there: a list such as {@code 0-3,8-11}. */
    private static int possibleCpus() {
        try {
            int count = 0;
            final String list = Files.readString(Path.of("/sys/devices/system/cpu/possible"));
            for (final String range : list.strip().split(",")) {
                final String[] ends = range.split("-");
                count += Integer.parseInt(ends[ends.length - 1]) - Integer.parseInt(ends[0]) + 1;
            }

            return count;
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
