package io.naru.dataplane.protocol;

import static io.naru.dataplane.protocol.TextField.STATE_LENGTH;

/**
 * Layouts of the events, which the conductor broadcasts to all clients.
 *
 * <p>Every event begins with the correlation id of the command that it answers, 0 if it answers
 * none. Byte orders and fields are those of {@link CommandDescriptor}.
 *
 * <pre>
 *  COMMAND_DONE           COMMAND_FAILED         FLOW
 *   0 correlation id 8     0 correlation id 8     0 correlation id 8
 *   8 epoch          8     8 length         4     8 service id     4
 *  16                     12 UTF-8     &lt;=1000    12 backend id     4
 *                                                16 worker id      4
 *  FLOWS_END              WORKER_FAILED          20 protocol       4
 *   0 correlation id 8     0 zero           8    24 client        16
 *   8 matched        8     8 worker id      4    40 VIP           16
 *  16 shown          4    12 length         4    56 backend       16
 *  20 zero           4    16 UTF-8     &lt;=1000    72 client port    4
 *  24                                            76 VIP port       4
 *                         STARTED, STOPPING      80 backend port   4
 *  HOP                     0 zero           8    84 zero           4
 *   0 zero           8     8 pid            8    88 state         24
 *   8 address       16    16                    112 age ms         8
 *  24 hop            8                          120 idle ms        8
 *  32 length         4                          128 expires in ms  8
 *  36 UTF-8     &lt;=1000                          136 bytes to backend    8
 *                                               144 bytes to client     8
 *                                               152
 *  TRIED_SERVICE          TRIED_END              EXPLAINED
 *   0 correlation id 8     0 correlation id 8     0 correlation id 8
 *   8 service       64     8 zero           8     8 epoch          8
 *  72 kind           4    16                     16 hop            8
 *  76 zero           4                           24 flow's age ms  8
 *  80 kept           8                           32 idle ms        8
 *  88 leaving        8                           40 expires in ms  8
 *  96 moved          8                           48 flow's state  24
 * 104 ended          8                           72 local address 16
 * 112 slots          4                           88 worker id      4
 * 116 changed slots  4                           92 service id     4
 * 120                                            96 flow           4
 *                                               100 its backend id 4
 *                                               104 its mode       4
 *                                               108 opens anew     4
 *                                               112 backend id     4
 *                                               116 mode           4
 *                                               120 drop code      4
 *                                               124 slot           4
 *                                               128 slots          4
 *                                               132 conflicts      4
 *                                               136 local port     4
 *                                               140 remembered id  4
 *                                               144 full id        4
 *                                               148 former id      4
 *                                               152
 * </pre>
 */
final class EventDescriptor {
    static final int COMMAND_DONE = 0x81;
    static final int COMMAND_FAILED = 0x82;
    static final int FLOW = 0x83;
    static final int FLOWS_END = 0x84;
    static final int HOP = 0x85;
    static final int STARTED = 0x86;
    static final int STOPPING = 0x87;
    static final int WORKER_FAILED = 0x88;
    static final int TRIED_SERVICE = 0x89;
    static final int TRIED_END = 0x8a;
    static final int EXPLAINED = 0x8b;

    static final int CORRELATION_ID_OFFSET = 0;

    static final int DONE_EPOCH_OFFSET = 8;
    static final int DONE_LENGTH = 16;

    static final int FAILED_LENGTH_OFFSET = 8;
    static final int FAILED_TEXT_OFFSET = 12;

    static final int FLOW_SERVICE_ID_OFFSET = 8;
    static final int FLOW_BACKEND_ID_OFFSET = 12;
    static final int FLOW_WORKER_ID_OFFSET = 16;
    static final int FLOW_PROTOCOL_OFFSET = 20;
    static final int FLOW_CLIENT_OFFSET = 24;
    static final int FLOW_VIP_OFFSET = FLOW_CLIENT_OFFSET + IpAddress.LENGTH;
    static final int FLOW_BACKEND_OFFSET = FLOW_VIP_OFFSET + IpAddress.LENGTH;
    static final int FLOW_CLIENT_PORT_OFFSET = FLOW_BACKEND_OFFSET + IpAddress.LENGTH;
    static final int FLOW_VIP_PORT_OFFSET = FLOW_CLIENT_PORT_OFFSET + 4;
    static final int FLOW_BACKEND_PORT_OFFSET = FLOW_VIP_PORT_OFFSET + 4;
    static final int FLOW_STATE_OFFSET = FLOW_BACKEND_PORT_OFFSET + 8;
    static final int FLOW_AGE_OFFSET = FLOW_STATE_OFFSET + STATE_LENGTH;
    static final int FLOW_IDLE_OFFSET = FLOW_AGE_OFFSET + 8;
    static final int FLOW_EXPIRES_OFFSET = FLOW_IDLE_OFFSET + 8;
    static final int FLOW_BYTES_TO_BACKEND_OFFSET = FLOW_EXPIRES_OFFSET + 8;
    static final int FLOW_BYTES_TO_CLIENT_OFFSET = FLOW_BYTES_TO_BACKEND_OFFSET + 8;
    static final int FLOW_LENGTH = FLOW_BYTES_TO_CLIENT_OFFSET + 8;

    static final int END_MATCHED_OFFSET = 8;
    static final int END_SHOWN_OFFSET = 16;
    static final int END_LENGTH = 24;

    static final int HOP_ADDRESS_OFFSET = 8;
    static final int HOP_HOP_OFFSET = HOP_ADDRESS_OFFSET + IpAddress.LENGTH;
    static final int HOP_LENGTH_OFFSET = HOP_HOP_OFFSET + 8;
    static final int HOP_TEXT_OFFSET = HOP_LENGTH_OFFSET + 4;

    static final int STARTED_PID_OFFSET = 8;
    static final int STARTED_LENGTH = 16;

    static final int WORKER_FAILED_ID_OFFSET = 8;
    static final int WORKER_FAILED_LENGTH_OFFSET = 12;
    static final int WORKER_FAILED_TEXT_OFFSET = 16;

    static final int TRIED_SERVICE_OFFSET = 8;
    static final int TRIED_KIND_OFFSET = TRIED_SERVICE_OFFSET + TextField.NAME_LENGTH;
    static final int TRIED_KEPT_OFFSET = TRIED_KIND_OFFSET + 8;
    static final int TRIED_LEAVING_OFFSET = TRIED_KEPT_OFFSET + 8;
    static final int TRIED_MOVED_OFFSET = TRIED_LEAVING_OFFSET + 8;
    static final int TRIED_ENDED_OFFSET = TRIED_MOVED_OFFSET + 8;
    static final int TRIED_SLOTS_OFFSET = TRIED_ENDED_OFFSET + 8;
    static final int TRIED_CHANGED_OFFSET = TRIED_SLOTS_OFFSET + 4;
    static final int TRIED_LENGTH = TRIED_CHANGED_OFFSET + 4;

    static final int TRIED_END_LENGTH = 16;

    static final int EXPLAINED_EPOCH_OFFSET = 8;
    static final int EXPLAINED_HOP_OFFSET = 16;
    static final int EXPLAINED_AGE_OFFSET = 24;
    static final int EXPLAINED_IDLE_OFFSET = 32;
    static final int EXPLAINED_EXPIRES_OFFSET = 40;
    static final int EXPLAINED_STATE_OFFSET = 48;
    static final int EXPLAINED_LOCAL_OFFSET = EXPLAINED_STATE_OFFSET + STATE_LENGTH;
    static final int EXPLAINED_WORKER_OFFSET = EXPLAINED_LOCAL_OFFSET + IpAddress.LENGTH;
    static final int EXPLAINED_SERVICE_OFFSET = EXPLAINED_WORKER_OFFSET + 4;
    static final int EXPLAINED_FLOW_OFFSET = EXPLAINED_SERVICE_OFFSET + 4;
    static final int EXPLAINED_FLOW_BACKEND_OFFSET = EXPLAINED_FLOW_OFFSET + 4;
    static final int EXPLAINED_FLOW_MODE_OFFSET = EXPLAINED_FLOW_BACKEND_OFFSET + 4;
    static final int EXPLAINED_ANEW_OFFSET = EXPLAINED_FLOW_MODE_OFFSET + 4;
    static final int EXPLAINED_BACKEND_OFFSET = EXPLAINED_ANEW_OFFSET + 4;
    static final int EXPLAINED_MODE_OFFSET = EXPLAINED_BACKEND_OFFSET + 4;
    static final int EXPLAINED_DROP_OFFSET = EXPLAINED_MODE_OFFSET + 4;
    static final int EXPLAINED_SLOT_OFFSET = EXPLAINED_DROP_OFFSET + 4;
    static final int EXPLAINED_SLOTS_OFFSET = EXPLAINED_SLOT_OFFSET + 4;
    static final int EXPLAINED_CONFLICTS_OFFSET = EXPLAINED_SLOTS_OFFSET + 4;
    static final int EXPLAINED_LOCAL_PORT_OFFSET = EXPLAINED_CONFLICTS_OFFSET + 4;
    static final int EXPLAINED_REMEMBERED_OFFSET = EXPLAINED_LOCAL_PORT_OFFSET + 4;
    static final int EXPLAINED_FULL_OFFSET = EXPLAINED_REMEMBERED_OFFSET + 4;
    static final int EXPLAINED_FORMER_OFFSET = EXPLAINED_FULL_OFFSET + 4;
    static final int EXPLAINED_LENGTH = EXPLAINED_FORMER_OFFSET + 4;

    static final int MAX_LENGTH = HOP_TEXT_OFFSET + Limits.MAX_TEXT_BYTES;

    private EventDescriptor() {}
}
