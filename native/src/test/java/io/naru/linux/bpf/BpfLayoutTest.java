package io.naru.linux.bpf;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.naru.linux.KernelHeaders;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BpfLayoutTest {
    @TempDir private Path directory;

    private static void attribute(
            final Map<String, Long> ours, final String field, final int offset) {
        ours.put("offsetof(union bpf_attr, " + field + ")", (long) offset);
    }

    @Test
    void shouldAgreeWithTheKernelsHeaders() throws Exception {
        final Map<String, Long> ours = new LinkedHashMap<>();
        attribute(ours, "map_type", BpfAttributes.MAP_TYPE_OFFSET);
        attribute(ours, "key_size", BpfAttributes.KEY_SIZE_OFFSET);
        attribute(ours, "value_size", BpfAttributes.VALUE_SIZE_OFFSET);
        attribute(ours, "max_entries", BpfAttributes.MAX_ENTRIES_OFFSET);
        attribute(ours, "map_flags", BpfAttributes.MAP_FLAGS_OFFSET);
        attribute(ours, "map_name", BpfAttributes.MAP_NAME_OFFSET);
        attribute(ours, "map_fd", BpfAttributes.MAP_FD_OFFSET);
        attribute(ours, "key", BpfAttributes.KEY_OFFSET);
        attribute(ours, "value", BpfAttributes.VALUE_OFFSET);
        attribute(ours, "prog_type", BpfAttributes.PROG_TYPE_OFFSET);
        attribute(ours, "insn_cnt", BpfAttributes.INSN_CNT_OFFSET);
        attribute(ours, "insns", BpfAttributes.INSNS_OFFSET);
        attribute(ours, "license", BpfAttributes.LICENSE_OFFSET);
        attribute(ours, "log_level", BpfAttributes.LOG_LEVEL_OFFSET);
        attribute(ours, "log_size", BpfAttributes.LOG_SIZE_OFFSET);
        attribute(ours, "log_buf", BpfAttributes.LOG_BUF_OFFSET);
        attribute(ours, "prog_name", BpfAttributes.PROG_NAME_OFFSET);
        attribute(ours, "test.prog_fd", BpfAttributes.TEST_PROG_FD_OFFSET);
        attribute(ours, "test.retval", BpfAttributes.TEST_RETVAL_OFFSET);
        attribute(ours, "test.data_size_in", BpfAttributes.TEST_DATA_SIZE_IN_OFFSET);
        attribute(ours, "test.data_in", BpfAttributes.TEST_DATA_IN_OFFSET);
        attribute(ours, "test.repeat", BpfAttributes.TEST_REPEAT_OFFSET);
        attribute(ours, "link_create.prog_fd", BpfAttributes.LINK_PROG_FD_OFFSET);
        attribute(ours, "link_create.target_ifindex", BpfAttributes.LINK_TARGET_IFINDEX_OFFSET);
        attribute(ours, "link_create.attach_type", BpfAttributes.LINK_ATTACH_TYPE_OFFSET);
        attribute(ours, "link_create.flags", BpfAttributes.LINK_FLAGS_OFFSET);
        attribute(ours, "link_detach.link_fd", BpfAttributes.LINK_FD_OFFSET);
        attribute(ours, "prog_id", BpfAttributes.ID_OFFSET);
        attribute(ours, "info.bpf_fd", BpfAttributes.INFO_FD_OFFSET);
        attribute(ours, "info.info_len", BpfAttributes.INFO_LEN_OFFSET);
        attribute(ours, "info.info", BpfAttributes.INFO_OFFSET);
        ours.put(
                "offsetof(struct bpf_prog_info, name)", (long) BpfAttributes.PROG_INFO_NAME_OFFSET);
        ours.put("sizeof(struct bpf_insn)", (long) BpfObject.INSTRUCTION_LENGTH);
        ours.put("BPF_OBJ_NAME_LEN", (long) BpfAttributes.NAME_LENGTH);
        ours.put("BPF_MAP_CREATE", (long) BpfAttributes.MAP_CREATE);
        ours.put("BPF_MAP_LOOKUP_ELEM", (long) BpfAttributes.MAP_LOOKUP_ELEM);
        ours.put("BPF_MAP_UPDATE_ELEM", (long) BpfAttributes.MAP_UPDATE_ELEM);
        ours.put("BPF_MAP_DELETE_ELEM", (long) BpfAttributes.MAP_DELETE_ELEM);
        ours.put("BPF_PROG_LOAD", (long) BpfAttributes.PROG_LOAD);
        ours.put("BPF_PROG_TEST_RUN", (long) BpfAttributes.PROG_TEST_RUN);
        ours.put("BPF_PROG_GET_FD_BY_ID", (long) BpfAttributes.PROG_GET_FD_BY_ID);
        ours.put("BPF_OBJ_GET_INFO_BY_FD", (long) BpfAttributes.OBJ_GET_INFO_BY_FD);
        ours.put("BPF_LINK_CREATE", (long) BpfAttributes.LINK_CREATE);
        ours.put("BPF_LINK_DETACH", (long) BpfAttributes.LINK_DETACH);
        ours.put("XDP_FLAGS_DRV_MODE", (long) XdpMode.NATIVE.flag());
        ours.put("XDP_FLAGS_SKB_MODE", (long) XdpMode.GENERIC.flag());

        assertEquals(
                KernelHeaders.evaluate(
                        directory, List.of("linux/bpf.h", "linux/if_link.h"), ours.keySet()),
                ours);
    }
}
