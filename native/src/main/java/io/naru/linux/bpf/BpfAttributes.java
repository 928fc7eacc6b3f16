package io.naru.linux.bpf;

import io.naru.linux.Errno;
import io.naru.linux.Libc;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The arguments of {@code bpf(2)}: {@code union bpf_attr} of {@code include/uapi/linux/bpf.h},
 * reduced to the commands that we use.
 *
 * <pre>
 *   offset  MAP_CREATE   MAP_*_ELEM  PROG_LOAD     TEST_RUN        LINK_CREATE  INFO_BY_FD  *_BY_ID
 *        0  map_type     map_fd      prog_type     prog_fd         prog_fd      bpf_fd      id
 *        4  key_size                 insn_cnt      retval          ifindex      info_len    next_id
 *        8  value_size   key         insns         data_size_in    attach_type  info
 *       12  max_entries                                            flags
 *       16  map_flags    value       license       data_in
 *       24               flags       log_level
 *       28  map_name                 log_size
 *       32                           log_buf       repeat
 *       48                           prog_name
 * </pre>
 */
final class BpfAttributes {
    // enum bpf_cmd
    static final int MAP_CREATE = 0;
    static final int MAP_LOOKUP_ELEM = 1;
    static final int MAP_UPDATE_ELEM = 2;
    static final int MAP_DELETE_ELEM = 3;
    static final int PROG_LOAD = 5;
    static final int PROG_TEST_RUN = 10;
    static final int PROG_GET_FD_BY_ID = 13;
    static final int OBJ_GET_INFO_BY_FD = 15;
    static final int LINK_CREATE = 28;
    static final int LINK_DETACH = 34;

    // BPF_MAP_CREATE
    static final int MAP_TYPE_OFFSET = 0;
    static final int KEY_SIZE_OFFSET = 4;
    static final int VALUE_SIZE_OFFSET = 8;
    static final int MAX_ENTRIES_OFFSET = 12;
    static final int MAP_FLAGS_OFFSET = 16;
    static final int MAP_NAME_OFFSET = 28;

    // BPF_MAP_*_ELEM
    static final int MAP_FD_OFFSET = 0;
    static final int KEY_OFFSET = 8;
    static final int VALUE_OFFSET = 16;

    // BPF_PROG_LOAD
    static final int PROG_TYPE_OFFSET = 0;
    static final int INSN_CNT_OFFSET = 4;
    static final int INSNS_OFFSET = 8;
    static final int LICENSE_OFFSET = 16;
    static final int LOG_LEVEL_OFFSET = 24;
    static final int LOG_SIZE_OFFSET = 28;
    static final int LOG_BUF_OFFSET = 32;
    static final int PROG_NAME_OFFSET = 48;

    // BPF_PROG_TEST_RUN
    static final int TEST_PROG_FD_OFFSET = 0;
    static final int TEST_RETVAL_OFFSET = 4;
    static final int TEST_DATA_SIZE_IN_OFFSET = 8;
    static final int TEST_DATA_IN_OFFSET = 16;
    static final int TEST_REPEAT_OFFSET = 32;

    // BPF_LINK_CREATE, BPF_LINK_DETACH
    static final int LINK_PROG_FD_OFFSET = 0;
    static final int LINK_TARGET_IFINDEX_OFFSET = 4;
    static final int LINK_ATTACH_TYPE_OFFSET = 8;
    static final int LINK_FLAGS_OFFSET = 12;
    static final int LINK_FD_OFFSET = 0;

    // BPF_PROG_GET_FD_BY_ID, BPF_OBJ_GET_INFO_BY_FD
    static final int ID_OFFSET = 0;
    static final int INFO_FD_OFFSET = 0;
    static final int INFO_LEN_OFFSET = 4;
    static final int INFO_OFFSET = 8;

    // struct bpf_prog_info
    static final int PROG_INFO_NAME_OFFSET = 64;
    static final int PROG_INFO_LENGTH = 80;

    static final int NAME_LENGTH = 16; // BPF_OBJ_NAME_LEN, with the terminating zero

    /** A kernel that knows a shorter union accepts ours as long as what it doesn't know is zero. */
    static final int LENGTH = 128;

    private final UnsafeBuffer buffer = new UnsafeBuffer(ByteBuffer.allocateDirect(LENGTH));
    private final List<UnsafeBuffer> pointedTo = new ArrayList<>();

    BpfAttributes putInt(final int offset, final int value) {
        buffer.putInt(offset, value);
        return this;
    }

    /** The address of {@code target}, which lives as long as these arguments do. */
    BpfAttributes putPointer(final int offset, final UnsafeBuffer target) {
        pointedTo.add(target);
        buffer.putLong(offset, target.addressOffset());
        return this;
    }

    /** At most 15 characters of a name. */
    BpfAttributes putName(final int offset, final String name) {
        final byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
        buffer.putBytes(offset, bytes, 0, Math.min(bytes.length, NAME_LENGTH - 1));
        return this;
    }

    int getInt(final int offset) {
        return buffer.getInt(offset);
    }

    /** The command's result, or {@code -errno}. */
    int call0(final int command) {
        try {
            int result;
            do {
                result = Libc.bpf(command, buffer.addressOffset(), LENGTH);
                // The verifier gives up when a signal is pending; libbpf tries again, too.
            } while (result == -Errno.EAGAIN && command == PROG_LOAD);
            return result;
        } finally {
            Reference.reachabilityFence(this);
        }
    }
}
