package io.naru.linux.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.naru.linux.Errno;
import io.naru.linux.LinuxException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MappedRegionTest {
    private static final int HUGE_PAGE_BYTES = 2 * 1024 * 1024;

    private static UnsafeBuffer contentOf(final MappedRegion region) {
        return new UnsafeBuffer(region.address(), (int) region.lengthBytes());
    }

    private static void assertZeroedAndWritable(final MappedRegion region) {
        final UnsafeBuffer content = contentOf(region);
        for (int i = 0; i + Long.BYTES <= content.capacity(); i += Long.BYTES) {
            assertEquals(0, content.getLong(i));
        }

        content.setMemory(0, content.capacity(), (byte) 1);
        assertEquals(1, content.getByte(content.capacity() - 1));
    }

    @Test
    void shouldMapPlainPagesWhenToldTo() {
        try (MappedRegion region = MappedRegion.anonymous(3 * 4096 + 1, HugePages.OFF)) {
            assertEquals(PageKind.PLAIN, region.pages());
            assertEquals(0, region.address() % 4096);
            assertEquals(3 * 4096 + 1, region.lengthBytes());
            assertZeroedAndWritable(region);
        }
    }

    @Test
    void shouldMapWhateverThereIsByDefault() {
        try (MappedRegion region = MappedRegion.anonymous(3L * HUGE_PAGE_BYTES, HugePages.AUTO)) {
            assertEquals(0, region.address() % HUGE_PAGE_BYTES);
            assertZeroedAndWritable(region);
        }
    }

    @Test
    void shouldUseTransparentHugePagesWhereTheKernelGivesThem() throws Exception {
        final Path setting = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");
        assumeTrue(
                Files.exists(setting) && !Files.readString(setting).contains("[never]"),
                "the kernel has no transparent huge pages");
        assumeTrue(
                Files.readString(Path.of("/proc/sys/vm/nr_hugepages")).strip().equals("0"),
                "there are reserved huge pages, which come first");

        try (MappedRegion region = MappedRegion.anonymous(8L * HUGE_PAGE_BYTES, HugePages.AUTO)) {
            assertEquals(PageKind.TRANSPARENT_HUGE, region.pages());
        }
    }

    @Test
    void shouldNotWasteAHugePageOnASmallRegion() {
        try (MappedRegion region = MappedRegion.anonymous(64 * 1024, HugePages.AUTO)) {
            assertEquals(PageKind.PLAIN, region.pages());
        }
    }

    @Test
    void shouldSayHowManyHugePagesToReserveWhenThereAreNotEnough() {
        final long lengthBytes = 1L << 42;

        final LinuxException refused =
                assertThrows(
                        LinuxException.class,
                        () -> MappedRegion.anonymous(lengthBytes, HugePages.ON));

        assertEquals(Errno.ENOMEM, refused.errno());
        assertTrue(
                refused.getMessage()
                        .startsWith(
                                "mmap(MAP_HUGETLB) of 4398046511104 bytes: ENOMEM (Cannot allocate"
                                        + " memory): reserve "),
                refused.getMessage());
        assertTrue(refused.getMessage().contains("vm.nr_hugepages="), refused.getMessage());
    }

    @Test
    void shouldKeepAFilesContent(@TempDir final Path directory) throws Exception {
        final Path file = directory.resolve("flows");
        try (MappedRegion region = MappedRegion.file(file, 10_000)) {
            contentOf(region).putLong(9_992, 42);
        }

        try (MappedRegion region = MappedRegion.file(file, 10_000)) {
            assertEquals(42, contentOf(region).getLong(9_992));
        }

        try (MappedRegion region = MappedRegion.file(file, 100_000)) {
            assertEquals(42, contentOf(region).getLong(9_992));
            contentOf(region).putLong(99_992, 43);
            assertEquals(43, contentOf(region).getLong(99_992));
        }

        assertTrue(Files.size(file) >= 100_000);
    }

    @Test
    void shouldNameTheFileThatCannotBeMapped() {
        final LinuxException refused =
                assertThrows(
                        LinuxException.class,
                        () -> MappedRegion.file(Path.of("/nonexistent/flows"), 4096));

        assertEquals(
                "open of /nonexistent/flows: ENOENT (No such file or directory)",
                refused.getMessage());
        assertNotEquals(0, refused.errno());
    }

    @Test
    void shouldRefuseALengthThatIsNone() {
        assertThrows(
                IllegalArgumentException.class, () -> MappedRegion.anonymous(0, HugePages.AUTO));
    }
}
