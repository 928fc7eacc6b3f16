package io.naru.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LibcTest {
    private static final int AF_UNIX = 1;
    private static final int AF_INET = 2;
    private static final int SOCK_DGRAM = 2;
    private static final int SOL_SOCKET = 1;
    private static final int SO_RCVBUF = 8;
    private static final int SO_TYPE = 3;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int PROT_READ = 1;
    private static final int MAP_SHARED = 1;
    private static final int POLLIN = 1;

    private static UnsafeBuffer memory(final int lengthBytes) {
        return new UnsafeBuffer(ByteBuffer.allocateDirect(lengthBytes));
    }

    @Test
    void shouldReturnTheErrnoNegated() {
        assertEquals(-Errno.EBADF, Libc.close(-1));
        assertEquals(-Errno.EBADF, Libc.send(-1, 0, 0, MSG_DONTWAIT));
        assertEquals(-Errno.EAFNOSUPPORT, Libc.socket(250, SOCK_DGRAM, 0));
        assertEquals(-Errno.ENOENT, Libc.open("/nonexistent/naru", 0, 0));
    }

    @Test
    void shouldPassTheLastOfSixArguments(@TempDir final Path directory) throws IOException {
        // given a file whose third page differs from the others
        final int pageSize = 4096;
        final UnsafeBuffer content = memory(4 * pageSize);
        content.putByte(2 * pageSize, (byte) 42);
        final byte[] bytes = new byte[content.capacity()];
        content.getBytes(0, bytes);
        final Path file = Files.write(directory.resolve("pages"), bytes);
        final int fd = Libc.open(file.toString(), 0, 0);
        assertTrue(fd >= 0);

        // when mmap's sixth argument says where to begin; often enough to see a lucky register
        for (int i = 0; i < 1_000; i++) {
            final long address = Libc.mmap(0, pageSize, PROT_READ, MAP_SHARED, fd, 2L * pageSize);

            assertTrue(address > 0, () -> Errno.name((int) -address));
            final UnsafeBuffer mapped = new UnsafeBuffer(address, pageSize);
            assertEquals(42, mapped.getByte(0));
            assertEquals(0, Libc.munmap(address, pageSize));
        }

        assertEquals(0, Libc.close(fd));
    }

    @Test
    void shouldSendReceiveAndPollOnSockets() {
        // given two UDP sockets on loopback
        final int receiver = Libc.socket(AF_INET, SOCK_DGRAM, 0);
        final int sender = Libc.socket(AF_INET, SOCK_DGRAM, 0);
        final UnsafeBuffer address = memory(16);
        address.putShort(0, (short) AF_INET);
        address.putInt(4, 0x0100007f);
        assertEquals(0, Libc.bind(receiver, address.addressOffset(), 16));
        final UnsafeBuffer length = memory(4);
        length.putInt(0, 16);
        assertEquals(
                0, Libc.getsockname(receiver, address.addressOffset(), length.addressOffset()));
        assertNotEquals(0, address.getShort(2));

        // when one sends
        final UnsafeBuffer text = memory(8);
        text.putBytes(0, "naru".getBytes(StandardCharsets.UTF_8));
        assertEquals(
                4, Libc.sendto(sender, text.addressOffset(), 4, 0, address.addressOffset(), 16));

        // then the other sees it, and from whom
        final UnsafeBuffer pollfd = memory(8);
        pollfd.putInt(0, receiver);
        pollfd.putShort(4, (short) POLLIN);
        assertEquals(1, Libc.poll(pollfd.addressOffset(), 1, 5_000));
        final UnsafeBuffer received = memory(8);
        final UnsafeBuffer from = memory(16);
        length.putInt(0, 16);
        assertEquals(
                4,
                Libc.recvfrom(
                        receiver,
                        received.addressOffset(),
                        8,
                        0,
                        from.addressOffset(),
                        length.addressOffset()));
        assertEquals(text.getLong(0), received.getLong(0));
        assertEquals(AF_INET, from.getShort(0));
        assertEquals(16, length.getInt(0));
        assertEquals(-Errno.EAGAIN, Libc.recv(receiver, received.addressOffset(), 8, MSG_DONTWAIT));

        Libc.close(receiver);
        Libc.close(sender);
    }

    @Test
    void shouldSetAndGetSocketOptions() {
        final int fd = Libc.socket(AF_UNIX, SOCK_DGRAM, 0);
        final UnsafeBuffer value = memory(4);
        final UnsafeBuffer length = memory(4);
        value.putInt(0, 64 * 1024);

        assertEquals(0, Libc.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, value.addressOffset(), 4));
        length.putInt(0, 4);
        assertEquals(
                0,
                Libc.getsockopt(
                        fd, SOL_SOCKET, SO_RCVBUF, value.addressOffset(), length.addressOffset()));
        assertEquals(128 * 1024, value.getInt(0)); // the kernel doubles it, socket(7)
        Libc.getsockopt(fd, SOL_SOCKET, SO_TYPE, value.addressOffset(), length.addressOffset());
        assertEquals(SOCK_DGRAM, value.getInt(0));

        Libc.close(fd);
    }

    @Test
    void shouldWakeTheKernelWithoutAllocating() {
        // given
        final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        final int fd = Libc.socket(AF_INET, SOCK_DGRAM, 0);
        final UnsafeBuffer pollfd = memory(8);
        pollfd.putInt(0, fd);
        pollfd.putShort(4, (short) POLLIN);
        final long pollfdAddress = pollfd.addressOffset();
        long before = 0;
        final int calls = 20_000;

        // when
        for (int i = -calls; i < calls; i++) {
            if (i == 0) {
                before = threads.getCurrentThreadAllocatedBytes();
            }
            Libc.send(fd, 0, 0, MSG_DONTWAIT); // fails: the errno's way is measured too
            Libc.recv(fd, 0, 0, MSG_DONTWAIT);
            Libc.poll(pollfdAddress, 1, 0);
        }

        // then
        final long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertTrue(allocated < calls, allocated + " bytes in " + calls + " rounds");
        Libc.close(fd);
    }

    @Test
    void shouldSayWhatFailedOnWhatAndWhatToDo() {
        assertEquals(7, LinuxException.check(7, "socket", "", ""));
        final LinuxException refused =
                assertThrows(
                        LinuxException.class,
                        () ->
                                LinuxException.check(
                                        -Errno.ENODEV,
                                        "bind(AF_XDP)",
                                        "eth0 queue 3",
                                        "the interface is gone"));

        assertEquals(
                "bind(AF_XDP) of eth0 queue 3: ENODEV (No such device): the interface is gone",
                refused.getMessage());
        assertEquals(Errno.ENODEV, refused.errno());
    }
}
