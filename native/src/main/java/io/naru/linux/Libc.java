package io.naru.linux;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Runtime;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The system calls that we make, as the kernel answers them: a result, or {@code -errno}.
 *
 * <p>Nothing here throws for an error of the kernel; callers that can't go on use {@link
 * LinuxException#check}. Pointers are addresses as {@code long} (of an off-heap buffer: {@code
 * buffer.addressOffset()}), and the caller keeps that memory alive until the call has returned.
 * Safe for use by any number of threads.
 *
 * <p>Everything goes through libc's {@code syscall(2)} with its number and six arguments, whether
 * the call has as many or not: on x86-64, jnr-ffi can corrupt the last one of exactly six integer
 * arguments (jnr-ffi issue 181), and {@code mmap} has six. The exceptions are {@link #send}, {@link
 * #recv} and {@link #poll}, which the packet path uses to wake the kernel: they are called
 * directly, because a call of up to six arguments allocates nothing and one of seven does.
 */
public final class Libc {
    /** What is bound by name; public only because jnr-ffi implements it from another package. */
    public interface Functions {
        // long syscall(long number, ...);
        long syscall(long number, long a, long b, long c, long d, long e, long f);

        // ssize_t send(int sockfd, const void buf[.len], size_t len, int flags);
        long send(int fd, long buffer, long length, int flags);

        // ssize_t recv(int sockfd, void buf[.len], size_t len, int flags);
        long recv(int fd, long buffer, long length, int flags);

        // int poll(struct pollfd *fds, nfds_t nfds, int timeout);
        int poll(long descriptors, long count, int timeoutMs);
    }

    // include/uapi/linux/fcntl.h: resolve a relative path from the working directory
    private static final int AT_FDCWD = -100;

    private static final Functions FUNCTIONS = LibraryLoader.create(Functions.class).load("c");
    private static final Runtime RUNTIME = Runtime.getRuntime(FUNCTIONS);
    private static final boolean AARCH64 = isAarch64();

    // arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h (aarch64)
    private static final int NR_BIND = number(49, 200);
    private static final int NR_BPF = number(321, 280);
    private static final int NR_CLOSE = number(3, 57);
    private static final int NR_FTRUNCATE = number(77, 46);
    private static final int NR_GETSOCKNAME = number(51, 204);
    private static final int NR_GETSOCKOPT = number(55, 209);
    private static final int NR_GETTID = number(186, 178);
    private static final int NR_IOCTL = number(16, 29);
    private static final int NR_KILL = number(62, 129);
    private static final int NR_MADVISE = number(28, 233);
    private static final int NR_MMAP = number(9, 222);
    private static final int NR_MUNMAP = number(11, 215);
    private static final int NR_OPENAT = number(257, 56);
    private static final int NR_READ = number(0, 63);
    private static final int NR_RECVFROM = number(45, 207);
    private static final int NR_SCHED_GETAFFINITY = number(204, 123);
    private static final int NR_SCHED_SETAFFINITY = number(203, 122);
    private static final int NR_SENDTO = number(44, 206);
    private static final int NR_SETNS = number(308, 268);
    private static final int NR_SETSOCKOPT = number(54, 208);
    private static final int NR_SOCKET = number(41, 198);

    private Libc() {}

    // int socket(int domain, int type, int protocol);
    public static int socket(final int domain, final int type, final int protocol) {
        return (int) syscall(NR_SOCKET, domain, type, protocol, 0, 0, 0);
    }

    // int bind(int sockfd, const struct sockaddr *addr, socklen_t addrlen);
    public static int bind(final int fd, final long address, final int addressLength) {
        return (int) syscall(NR_BIND, fd, address, addressLength, 0, 0, 0);
    }

    // int getsockname(int sockfd, struct sockaddr *restrict addr, socklen_t *restrict addrlen);
    public static int getsockname(final int fd, final long address, final long lengthAddress) {
        return (int) syscall(NR_GETSOCKNAME, fd, address, lengthAddress, 0, 0, 0);
    }

    // int setsockopt(int sockfd, int level, int optname, const void optval[.optlen],
    //                socklen_t optlen);
    public static int setsockopt(
            final int fd,
            final int level,
            final int option,
            final long valueAddress,
            final int valueLength) {
        return (int) syscall(NR_SETSOCKOPT, fd, level, option, valueAddress, valueLength, 0);
    }

    // int getsockopt(int sockfd, int level, int optname, void optval[restrict *.optlen],
    //                socklen_t *restrict optlen);
    public static int getsockopt(
            final int fd,
            final int level,
            final int option,
            final long valueAddress,
            final long lengthAddress) {
        return (int) syscall(NR_GETSOCKOPT, fd, level, option, valueAddress, lengthAddress, 0);
    }

    // ssize_t sendto(int sockfd, const void buf[.len], size_t len, int flags,
    //                const struct sockaddr *dest_addr, socklen_t addrlen);
    public static int sendto(
            final int fd,
            final long buffer,
            final long length,
            final int flags,
            final long address,
            final int addressLength) {
        return (int) syscall(NR_SENDTO, fd, buffer, length, flags, address, addressLength);
    }

    // ssize_t recvfrom(int sockfd, void buf[restrict .len], size_t len, int flags,
    //                  struct sockaddr *restrict src_addr, socklen_t *restrict addrlen);
    public static int recvfrom(
            final int fd,
            final long buffer,
            final long length,
            final int flags,
            final long address,
            final long lengthAddress) {
        return (int) syscall(NR_RECVFROM, fd, buffer, length, flags, address, lengthAddress);
    }

    // ssize_t send(int sockfd, const void buf[.len], size_t len, int flags);
    /** Allocates nothing. */
    public static int send(final int fd, final long buffer, final long length, final int flags) {
        final long result = FUNCTIONS.send(fd, buffer, length, flags);
        return result == -1 ? -RUNTIME.getLastError() : (int) result;
    }

    // ssize_t recv(int sockfd, void buf[.len], size_t len, int flags);
    /** Allocates nothing. */
    public static int recv(final int fd, final long buffer, final long length, final int flags) {
        final long result = FUNCTIONS.recv(fd, buffer, length, flags);
        return result == -1 ? -RUNTIME.getLastError() : (int) result;
    }

    // int poll(struct pollfd *fds, nfds_t nfds, int timeout);
    /** Allocates nothing. */
    public static int poll(final long descriptors, final int count, final int timeoutMs) {
        final int result = FUNCTIONS.poll(descriptors, count, timeoutMs);
        return result == -1 ? -RUNTIME.getLastError() : result;
    }

    // int ioctl(int fd, unsigned long request, ...);
    public static int ioctl(final int fd, final long request, final long argumentAddress) {
        return (int) syscall(NR_IOCTL, fd, request, argumentAddress, 0, 0, 0);
    }

    // int openat(int dirfd, const char *pathname, int flags, mode_t mode);
    public static int open(final String path, final int flags, final int mode) {
        final UnsafeBuffer name = cString(path);
        try {
            return (int) syscall(NR_OPENAT, AT_FDCWD, name.addressOffset(), flags, mode, 0, 0);
        } finally {
            Reference.reachabilityFence(name);
        }
    }

    // int close(int fd);
    public static int close(final int fd) {
        return (int) syscall(NR_CLOSE, fd, 0, 0, 0, 0, 0);
    }

    // ssize_t read(int fd, void buf[.count], size_t count);
    public static int read(final int fd, final long buffer, final long length) {
        return (int) syscall(NR_READ, fd, buffer, length, 0, 0, 0);
    }

    // int ftruncate(int fd, off_t length);
    public static int ftruncate(final int fd, final long lengthBytes) {
        return (int) syscall(NR_FTRUNCATE, fd, lengthBytes, 0, 0, 0, 0);
    }

    // void *mmap(void addr[.length], size_t length, int prot, int flags, int fd, off_t offset);
    /** The address of the mapping, or {@code -errno}: {@code [-4095, -1]} is never an address. */
    public static long mmap(
            final long address,
            final long lengthBytes,
            final int protection,
            final int flags,
            final int fd,
            final long offset) {
        return syscall(NR_MMAP, address, lengthBytes, protection, flags, fd, offset);
    }

    // int munmap(void addr[.length], size_t length);
    public static int munmap(final long address, final long lengthBytes) {
        return (int) syscall(NR_MUNMAP, address, lengthBytes, 0, 0, 0, 0);
    }

    // int madvise(void addr[.length], size_t length, int advice);
    public static int madvise(final long address, final long lengthBytes, final int advice) {
        return (int) syscall(NR_MADVISE, address, lengthBytes, advice, 0, 0, 0);
    }

    // int bpf(int cmd, union bpf_attr *attr, unsigned int size);
    public static int bpf(final int command, final long attributes, final int attributesLength) {
        return (int) syscall(NR_BPF, command, attributes, attributesLength, 0, 0, 0);
    }

    // int kill(pid_t pid, int sig);
    /** {@code processId} below -1 is the process group with that number. */
    public static int kill(final int processId, final int signal) {
        return (int) syscall(NR_KILL, processId, signal, 0, 0, 0, 0);
    }

    // pid_t gettid(void);
    public static int gettid() {
        return (int) syscall(NR_GETTID, 0, 0, 0, 0, 0, 0);
    }

    // int sched_setaffinity(pid_t pid, size_t cpusetsize, const cpu_set_t *mask);
    /** {@code threadId} 0 is the calling thread. */
    public static int schedSetaffinity(
            final int threadId, final int maskLengthBytes, final long maskAddress) {
        return (int) syscall(NR_SCHED_SETAFFINITY, threadId, maskLengthBytes, maskAddress, 0, 0, 0);
    }

    // int sched_getaffinity(pid_t pid, size_t cpusetsize, cpu_set_t *mask);
    /** The bytes of the mask that the kernel wrote; {@code threadId} 0 is the calling thread. */
    public static int schedGetaffinity(
            final int threadId, final int maskLengthBytes, final long maskAddress) {
        return (int) syscall(NR_SCHED_GETAFFINITY, threadId, maskLengthBytes, maskAddress, 0, 0, 0);
    }

    // int setns(int fd, int nstype);
    /** Moves the calling thread, and no other one, into the namespace that {@code fd} names. */
    public static int setns(final int fd, final int namespaceType) {
        return (int) syscall(NR_SETNS, fd, namespaceType, 0, 0, 0, 0);
    }

    /** {@code text} in UTF-8 with a terminating zero, off heap. */
    public static UnsafeBuffer cString(final String text) {
        final byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        final UnsafeBuffer buffer = new UnsafeBuffer(ByteBuffer.allocateDirect(bytes.length + 1));
        buffer.putBytes(0, bytes);
        return buffer;
    }

    private static long syscall(
            final int number,
            final long a,
            final long b,
            final long c,
            final long d,
            final long e,
            final long f) {
        final long result = FUNCTIONS.syscall(number, a, b, c, d, e, f);
        return result == -1 ? -RUNTIME.getLastError() : result;
    }

    private static int number(final int x86, final int aarch64) {
        return AARCH64 ? aarch64 : x86;
    }

    private static boolean isAarch64() {
        final String architecture = System.getProperty("os.arch");
        return switch (architecture) {
            case "aarch64" -> true;
            case "amd64", "x86_64" -> false;
            default ->
                    throw new UnsupportedOperationException(
                            "Naru knows the system calls of x86_64 and aarch64, not of "
                                    + architecture);
        };
    }
}
