package io.naru.linux.bpf;

import io.naru.linux.Errno;
import io.naru.linux.Libc;
import io.naru.linux.LinuxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;

/** An XDP program in the kernel, verified and compiled, attached nowhere yet. */
public final class BpfProgram implements AutoCloseable {
    // include/uapi/linux/bpf.h
    private static final int BPF_PROG_TYPE_XDP = 6;
    private static final int BPF_PSEUDO_MAP_FD = 1;

    private static final int LOG_LENGTH = 1 << 20;
    private static final int LOG_LINES_SHOWN = 20;

    private final String name;
    private final int fd;
    private boolean closed;

    private BpfProgram(final String name, final int fd) {
        this.name = name;
        this.fd = fd;
    }

    /**
     * Loads an object's program.
     *
     * @param maps the maps it names, made beforehand; the program keeps them alive.
     * @throws LinuxException with the last lines of the verifier's log if the kernel refuses.
     */
    public static BpfProgram load(final BpfObject object, final Map<String, BpfMap> maps) {
        final UnsafeBuffer instructions = linked(object, maps);
        final UnsafeBuffer license = Libc.cString(object.license());
        final BpfAttributes attributes =
                new BpfAttributes()
                        .putInt(BpfAttributes.PROG_TYPE_OFFSET, BPF_PROG_TYPE_XDP)
                        .putInt(
                                BpfAttributes.INSN_CNT_OFFSET,
                                instructions.capacity() / BpfObject.INSTRUCTION_LENGTH)
                        .putPointer(BpfAttributes.INSNS_OFFSET, instructions)
                        .putPointer(BpfAttributes.LICENSE_OFFSET, license)
                        .putName(BpfAttributes.PROG_NAME_OFFSET, object.programName());
        final int fd = attributes.call0(BpfAttributes.PROG_LOAD);
        if (fd >= 0) {
            return new BpfProgram(object.programName(), fd);
        }
        if (fd == -Errno.EPERM) {
            throw refused(object, fd, privilegeRemedy(Errno.EPERM));
        }

        // Once more, for the verifier to say why.
        final UnsafeBuffer log = new UnsafeBuffer(ByteBuffer.allocateDirect(LOG_LENGTH));
        final int again =
                attributes
                        .putInt(BpfAttributes.LOG_LEVEL_OFFSET, 1)
                        .putInt(BpfAttributes.LOG_SIZE_OFFSET, log.capacity())
                        .putPointer(BpfAttributes.LOG_BUF_OFFSET, log)
                        .call0(BpfAttributes.PROG_LOAD);
        if (again >= 0) {
            return new BpfProgram(object.programName(), again);
        }

        throw refused(object, again, "the verifier says:\n" + lastLines(log));
    }

    public String name() {
        return name;
    }

    public int fd() {
        return fd;
    }

    /**
     * Runs the program on a frame that nobody sent: BPF_PROG_TEST_RUN. Counters it keeps count.
     *
     * @param frame at least an Ethernet header.
     * @return the program's answer: XDP_PASS, XDP_REDIRECT, ….
     * @throws LinuxException if the kernel refuses.
     */
    public int run(final byte[] frame) {
        final UnsafeBuffer in = new UnsafeBuffer(ByteBuffer.allocateDirect(frame.length));
        in.putBytes(0, frame);
        final BpfAttributes attributes =
                new BpfAttributes()
                        .putInt(BpfAttributes.TEST_PROG_FD_OFFSET, fd)
                        .putInt(BpfAttributes.TEST_DATA_SIZE_IN_OFFSET, frame.length)
                        .putPointer(BpfAttributes.TEST_DATA_IN_OFFSET, in)
                        .putInt(BpfAttributes.TEST_REPEAT_OFFSET, 1);
        LinuxException.check(
                attributes.call0(BpfAttributes.PROG_TEST_RUN), "bpf(BPF_PROG_TEST_RUN)", name, "");
        return attributes.getInt(BpfAttributes.TEST_RETVAL_OFFSET);
    }

    /**
     * The name of any program in the kernel.
     *
     * @param id as a link's or the interface's state tells it.
     * @return empty if it is gone, or has no name, or we may not ask.
     */
    public static String nameOf(final int id) {
        final int programFd =
                new BpfAttributes()
                        .putInt(BpfAttributes.ID_OFFSET, id)
                        .call0(BpfAttributes.PROG_GET_FD_BY_ID);
        if (programFd < 0) {
            return "";
        }

        final UnsafeBuffer info =
                new UnsafeBuffer(ByteBuffer.allocateDirect(BpfAttributes.PROG_INFO_LENGTH));
        final int result =
                new BpfAttributes()
                        .putInt(BpfAttributes.INFO_FD_OFFSET, programFd)
                        .putInt(BpfAttributes.INFO_LEN_OFFSET, info.capacity())
                        .putPointer(BpfAttributes.INFO_OFFSET, info)
                        .call0(BpfAttributes.OBJ_GET_INFO_BY_FD);
        Libc.close(programFd);
        return result < 0
                ? ""
                : text(info, BpfAttributes.PROG_INFO_NAME_OFFSET, BpfAttributes.NAME_LENGTH);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            Libc.close(fd);
        }
    }

    static String privilegeRemedy(final int errno) {
        return errno == Errno.EPERM
                ? "run as root, or grant CAP_BPF and CAP_NET_ADMIN (before Linux 5.8: CAP_SYS_ADMIN)"
                : "";
    }

    /** The instructions with the maps' descriptors in the places that name them. */
    private static UnsafeBuffer linked(final BpfObject object, final Map<String, BpfMap> maps) {
        final byte[] bytes = object.instructions();
        final ByteBuffer instructions = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (final BpfObject.Relocation relocation : object.relocations()) {
            final BpfMap map = maps.get(relocation.map());
            if (map == null) {
                throw new IllegalArgumentException(
                        object.programName() + " needs a map " + relocation.map());
            }

            // struct bpf_insn: u8 code; u8 dst_reg:4, src_reg:4; s16 off; s32 imm
            final int offset = relocation.instruction() * BpfObject.INSTRUCTION_LENGTH;
            final int destination = instructions.get(offset + 1) & 0x0f;
            instructions.put(offset + 1, (byte) (destination | BPF_PSEUDO_MAP_FD << 4));
            instructions.putInt(offset + 4, map.fd());
        }

        final UnsafeBuffer direct = new UnsafeBuffer(ByteBuffer.allocateDirect(bytes.length));
        direct.putBytes(0, bytes);
        return direct;
    }

    private static LinuxException refused(
            final BpfObject object, final int result, final String remedy) {
        return new LinuxException("bpf(BPF_PROG_LOAD)", object.programName(), -result, remedy);
    }

    private static String lastLines(final UnsafeBuffer log) {
        final String[] lines = text(log, 0, log.capacity()).strip().split("\n");
        final int first = Math.max(0, lines.length - LOG_LINES_SHOWN);
        return String.join("\n", Arrays.copyOfRange(lines, first, lines.length));
    }

    private static String text(final UnsafeBuffer buffer, final int offset, final int limit) {
        int length = 0;
        while (length < limit && buffer.getByte(offset + length) != 0) {
            length++;
        }

        final byte[] bytes = new byte[length];
        buffer.getBytes(offset, bytes);
        return new String(bytes, StandardCharsets.US_ASCII);
    }
}
