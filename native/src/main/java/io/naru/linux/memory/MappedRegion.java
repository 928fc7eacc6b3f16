package io.naru.linux.memory;

import io.naru.linux.Errno;
import io.naru.linux.Libc;
import io.naru.linux.LinuxException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.agrona.BitUtil;

/**
 * A zeroed region of memory that is mapped, present and ours until it is closed.
 *
 * <p>All its pages are faulted in at once, so that the packet path never waits for one. What kind
 * of pages it got is asked of the kernel afterwards ({@link #pages}), not assumed. Closing is for
 * the owner, when nobody uses the addresses any more; everything else is safe for any thread.
 */
public final class MappedRegion implements AutoCloseable {
    // include/uapi/asm-generic/mman-common.h, include/uapi/linux/mman.h
    private static final int PROT_READ = 1;
    private static final int PROT_WRITE = 2;
    private static final int MAP_SHARED = 0x01;
    private static final int MAP_PRIVATE = 0x02;
    private static final int MAP_ANONYMOUS = 0x20;
    private static final int MAP_POPULATE = 0x8000;
    private static final int MAP_HUGETLB = 0x40000;
    private static final int MADV_HUGEPAGE = 14;
    private static final int MAP_NORESERVE = 0x4000;
    private static final int MADV_POPULATE_WRITE = 23;

    // include/uapi/asm-generic/fcntl.h
    private static final int O_RDWR = 2;
    private static final int O_CREAT = 0x40;
    private static final int O_CLOEXEC = 0x80000;
    private static final int OWNER_ONLY = 0600;

    private static final int PAGE_SIZE_BYTES = 4096;
    private static final long HUGE_PAGE_SIZE_BYTES = hugePageSizeBytes();

    private final long address;
    private final long lengthBytes;
    private final long mappedBytes;
    private final PageKind pages;
    private boolean closed;

    private MappedRegion(final long address, final long lengthBytes, final long mappedBytes) {
        this.address = address;
        this.lengthBytes = lengthBytes;
        this.mappedBytes = mappedBytes;
        this.pages = pagesAt(address);
    }

    /**
     * Memory that goes with the process.
     *
     * @param lengthBytes bytes wanted; the region begins on a page.
     * @param hugePages how to come by its pages; with {@link HugePages#AUTO} a region smaller than
     *     one huge page takes plain ones.
     * @throws LinuxException if there is not enough memory, or not enough huge pages with {@link
     *     HugePages#ON}.
     */
    public static MappedRegion anonymous(final long lengthBytes, final HugePages hugePages) {
        requirePositive(lengthBytes);
        if (hugePages == HugePages.OFF
                || (hugePages == HugePages.AUTO && lengthBytes < HUGE_PAGE_SIZE_BYTES)) {
            return plain(lengthBytes);
        }

        final long mappedBytes = BitUtil.align(lengthBytes, HUGE_PAGE_SIZE_BYTES);
        final int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | MAP_HUGETLB;
        final long address = map0(mappedBytes, flags, -1);
        if (address >= 0) {
            return new MappedRegion(address, lengthBytes, mappedBytes);
        }
        if (hugePages == HugePages.ON) {
            throw new LinuxException(
                    "mmap(MAP_HUGETLB)",
                    lengthBytes + " bytes",
                    (int) -address,
                    "reserve %d huge pages, as in `sysctl vm.nr_hugepages=%d`, or ask for huge pages"
                                    .formatted(
                                            mappedBytes / HUGE_PAGE_SIZE_BYTES,
                                            mappedBytes / HUGE_PAGE_SIZE_BYTES)
                            + " only where there are any (auto)");
        }

        return transparent(lengthBytes, mappedBytes);
    }

    /**
     * Room for what is seldom needed: zeros, whose pages come when they are first touched.
     *
     * @throws LinuxException if there is no room for it in the process.
     */
    public static MappedRegion reserved(final long lengthBytes) {
        requirePositive(lengthBytes);
        final long mappedBytes = BitUtil.align(lengthBytes, PAGE_SIZE_BYTES);
        final long address = map(mappedBytes, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
        return new MappedRegion(address, lengthBytes, mappedBytes);
    }

    /**
     * Memory that is a file's, shared with whoever else maps it; the file is made, or made longer,
     * as needed. On hugetlbfs its pages are huge.
     *
     * @throws LinuxException if the file can't be opened, made long enough or mapped.
     */
    public static MappedRegion file(final Path path, final long lengthBytes) {
        requirePositive(lengthBytes);
        final String name = path.toString();
        final int fd = Libc.open(name, O_RDWR | O_CREAT | O_CLOEXEC, OWNER_ONLY);
        LinuxException.check(fd, "open", name, "");
        try {
            long mappedBytes = BitUtil.align(lengthBytes, PAGE_SIZE_BYTES);
            if (sizeOf(path) < lengthBytes
                    && Libc.ftruncate(fd, mappedBytes) == -Errno.EINVAL) { // hugetlbfs: whole pages
                mappedBytes = BitUtil.align(lengthBytes, HUGE_PAGE_SIZE_BYTES);
                LinuxException.check(Libc.ftruncate(fd, mappedBytes), "ftruncate", name, "");
            }

            final long address = map0(mappedBytes, MAP_SHARED | MAP_POPULATE, fd);
            LinuxException.check((int) Math.min(address, 0), "mmap", name, "");
            return new MappedRegion(address, lengthBytes, mappedBytes);
        } finally {
            Libc.close(fd);
        }
    }

    /** The first byte's address. */
    public long address() {
        return address;
    }

    /** The bytes asked for; there may be some more up to the end of a page. */
    public long lengthBytes() {
        return lengthBytes;
    }

    /** What the region was found to stand on. */
    public PageKind pages() {
        return pages;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            Libc.munmap(address, mappedBytes);
        }
    }

    private static MappedRegion plain(final long lengthBytes) {
        final long mappedBytes = BitUtil.align(lengthBytes, PAGE_SIZE_BYTES);
        final long address = map(mappedBytes, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE);
        return new MappedRegion(address, lengthBytes, mappedBytes);
    }

    /** Only a mapping that begins on a huge page's boundary can get one: map more, cut the rest. */
    private static MappedRegion transparent(final long lengthBytes, final long mappedBytes) {
        final long spaceBytes = mappedBytes + HUGE_PAGE_SIZE_BYTES;
        final long space = map(spaceBytes, MAP_PRIVATE | MAP_ANONYMOUS);
        final long address = BitUtil.align(space, HUGE_PAGE_SIZE_BYTES);
        unmap(space, address - space);
        unmap(address + mappedBytes, space + spaceBytes - address - mappedBytes);

        // Neither is known to every kernel, and without either the region is only slower.
        Libc.madvise(address, mappedBytes, MADV_HUGEPAGE);
        Libc.madvise(address, mappedBytes, MADV_POPULATE_WRITE);
        return new MappedRegion(address, lengthBytes, mappedBytes);
    }

    private static long map(final long mappedBytes, final int flags) {
        final long address = map0(mappedBytes, flags, -1);
        LinuxException.check(
                (int) Math.min(address, 0),
                "mmap",
                mappedBytes + " bytes",
                "the machine has not enough memory for the frames and tables configured");
        return address;
    }

    private static long map0(final long mappedBytes, final int flags, final int fd) {
        return Libc.mmap(0, mappedBytes, PROT_READ | PROT_WRITE, flags, fd, 0);
    }

    private static void unmap(final long address, final long lengthBytes) {
        if (lengthBytes > 0) {
            Libc.munmap(address, lengthBytes);
        }
    }

    private static long sizeOf(final Path path) {
        try {
            return Files.size(path);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads what the kernel says about the mapping that holds {@code address}; see proc(5). */
    private static PageKind pagesAt(final long address) {
        boolean found = false;
        for (final String line : linesOf(Path.of("/proc/self/smaps"))) {
            if (isHeader(line)) {
                found = holds(line, address);
            } else if (found && line.startsWith("KernelPageSize:")) {
                if (kilobytes(line) * 1024 > PAGE_SIZE_BYTES * 16) { // 64 KiB: plain on some arm64
                    return PageKind.RESERVED_HUGE;
                }
            } else if (found
                    && (line.startsWith("AnonHugePages:") || line.startsWith("ShmemPmdMapped:"))
                    && kilobytes(line) > 0) {
                return PageKind.TRANSPARENT_HUGE;
            }
        }

        return PageKind.PLAIN;
    }

    private static boolean isHeader(final String line) {
        final char first = line.charAt(0);
        return Character.digit(first, 16) >= 0 && !Character.isUpperCase(first);
    }

    private static boolean holds(final String header, final long address) {
        final int dash = header.indexOf('-');
        final int space = header.indexOf(' ');
        return Long.parseUnsignedLong(header, 0, dash, 16) <= address
                && address < Long.parseUnsignedLong(header, dash + 1, space, 16);
    }

    private static long kilobytes(final String line) {
        return Long.parseLong(line.replaceAll("[^0-9]", ""));
    }

    private static long hugePageSizeBytes() {
        for (final String line : linesOf(Path.of("/proc/meminfo"))) {
            if (line.startsWith("Hugepagesize:")) {
                return kilobytes(line) * 1024;
            }
        }

        return 2 * 1024 * 1024;
    }

    private static List<String> linesOf(final Path path) {
        try {
            return Files.readAllLines(path);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void requirePositive(final long lengthBytes) {
        if (lengthBytes <= 0) {
            throw new IllegalArgumentException("lengthBytes must be positive: " + lengthBytes);
        }
    }
}
