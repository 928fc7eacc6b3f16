package io.naru.dataplane.protocol;

import static io.naru.dataplane.protocol.TextField.NAME_LENGTH;
import static io.naru.dataplane.protocol.TextField.STATE_LENGTH;

/**
 * Layouts of the commands, which clients put into the command ring.
 *
 * <p>Every command begins with the 8-byte correlation id that its answer carries. Numbers are in
 * the machine's byte order, addresses are 16 bytes in network order ({@link IpAddress}), names are
 * 64 bytes ({@link TextField}). A message must have exactly the length of its type.
 *
 * <pre>
 *  BEGIN_CONFIG           COMMIT_CONFIG,         PUT_POOL               PING
 *                         TRY_CONFIG
 *   0 correlation id 8     0 correlation id 8     0 correlation id 8     0 correlation id 8
 *   8 revision       8     8                      8 name          64     8 client pid     8
 *  16 services       4                           72                     16
 *  20 pools          4
 *  24 backends       4    SET_BACKEND            SET_ALGORITHM
 *  28 local addresses 4    0 correlation id 8     0 correlation id 8
 *  32                      8 pool          64     8 service       64
 *                         72 name          64    72 algorithm      4
 *                        136 weight, -1    4    76 zero            4
 *                            leaves it          80
 *                        140 state         4
 *                        144 share, -1     4
 *                            leaves it
 *                        148 zero          4
 *                        152
 *
 *  PUT_BACKEND            PUT_SERVICE            QUERY_FLOWS
 *   0 correlation id 8     0 correlation id 8     0 correlation id 8
 *   8 pool          64     8 name          64     8 service       64
 *  72 name          64    72 pool          64    72 pool          64
 * 136 address       16   136 VIP           16   136 backend       64
 * 152 port           4   152 protocol       4   200 state         24
 * 156 weight         4   156 first port     4   224 client        16
 * 160 state          4   160 last port      4   240 prefix bits    4
 * 164 share          4   164 mode           4   244 client port    4
 * 168 priority       4   168 algorithm      4   248 minimum age s  4
 * 172 maximum flows  4   172 zero           4   252 limit          4
 * 176 maximum rate   4   176 TCP opening s  4   256
 * 180 zero           4   180 TCP open s     4
 * 184                    184 TCP closing s  4   SET_RESPONSE_TIME
 *                        188 UDP s          4    0 correlation id  8
 *  PUT_LOCAL_ADDRESS     192 options      128    8 pool           64
 *   0 correlation id 8       see ServiceOptions 72 name           64
 *   8 address       16                         136 ns              8
 *  24                                          144
 *                        320
 *  EXPLAIN
 *   0 correlation id 8     40 protocol       4
 *   8 client        16     44 client port    4
 *  24 VIP           16     48 VIP port       4
 *                          52 interface, -1  4
 *                             is any
 *                          56
 * </pre>
 */
final class CommandDescriptor {
    static final int BEGIN_CONFIG = 0x01;
    static final int PUT_POOL = 0x02;
    static final int PUT_BACKEND = 0x03;
    static final int PUT_SERVICE = 0x04;
    static final int COMMIT_CONFIG = 0x05;
    static final int SET_BACKEND = 0x06;
    static final int SET_ALGORITHM = 0x07;
    static final int QUERY_FLOWS = 0x08;
    static final int PING = 0x09;
    static final int PUT_LOCAL_ADDRESS = 0x0a;
    static final int EXPLAIN = 0x0b;
    static final int TRY_CONFIG = 0x0c;
    static final int SET_RESPONSE_TIME = 0x0d;

    static final int CORRELATION_ID_OFFSET = 0;

    static final int BEGIN_REVISION_OFFSET = 8;
    static final int BEGIN_SERVICES_OFFSET = 16;
    static final int BEGIN_POOLS_OFFSET = 20;
    static final int BEGIN_BACKENDS_OFFSET = 24;
    static final int BEGIN_LOCAL_ADDRESSES_OFFSET = 28;
    static final int BEGIN_LENGTH = 32;

    static final int LOCAL_ADDRESS_OFFSET = 8;
    static final int LOCAL_ADDRESS_LENGTH = LOCAL_ADDRESS_OFFSET + IpAddress.LENGTH;

    static final int COMMIT_LENGTH = 8;

    static final int POOL_NAME_OFFSET = 8;
    static final int POOL_LENGTH = POOL_NAME_OFFSET + NAME_LENGTH;

    /** Pool and name are at the same place in all messages about a backend. */
    static final int BACKEND_POOL_OFFSET = 8;

    static final int BACKEND_NAME_OFFSET = BACKEND_POOL_OFFSET + NAME_LENGTH;
    static final int BACKEND_ADDRESS_OFFSET = BACKEND_NAME_OFFSET + NAME_LENGTH;
    static final int BACKEND_PORT_OFFSET = BACKEND_ADDRESS_OFFSET + IpAddress.LENGTH;
    static final int BACKEND_WEIGHT_OFFSET = BACKEND_PORT_OFFSET + 4;
    static final int BACKEND_STATE_OFFSET = BACKEND_WEIGHT_OFFSET + 4;
    static final int BACKEND_SHARE_OFFSET = BACKEND_STATE_OFFSET + 4;
    static final int BACKEND_PRIORITY_OFFSET = BACKEND_SHARE_OFFSET + 4;
    static final int BACKEND_MAX_FLOWS_OFFSET = BACKEND_PRIORITY_OFFSET + 4;
    static final int BACKEND_MAX_FLOW_RATE_OFFSET = BACKEND_MAX_FLOWS_OFFSET + 4;
    static final int BACKEND_LENGTH = BACKEND_MAX_FLOW_RATE_OFFSET + 8;

    static final int SET_BACKEND_WEIGHT_OFFSET = BACKEND_NAME_OFFSET + NAME_LENGTH;
    static final int SET_BACKEND_STATE_OFFSET = SET_BACKEND_WEIGHT_OFFSET + 4;
    static final int SET_BACKEND_SHARE_OFFSET = SET_BACKEND_STATE_OFFSET + 4;
    static final int SET_BACKEND_LENGTH = SET_BACKEND_SHARE_OFFSET + 8;

    static final int RESPONSE_TIME_NS_OFFSET = BACKEND_NAME_OFFSET + NAME_LENGTH;
    static final int RESPONSE_TIME_LENGTH = RESPONSE_TIME_NS_OFFSET + 8;

    static final int SERVICE_NAME_OFFSET = 8;
    static final int SERVICE_POOL_OFFSET = SERVICE_NAME_OFFSET + NAME_LENGTH;
    static final int SERVICE_VIP_OFFSET = SERVICE_POOL_OFFSET + NAME_LENGTH;
    static final int SERVICE_PROTOCOL_OFFSET = SERVICE_VIP_OFFSET + IpAddress.LENGTH;
    static final int SERVICE_PORT_FIRST_OFFSET = SERVICE_PROTOCOL_OFFSET + 4;
    static final int SERVICE_PORT_LAST_OFFSET = SERVICE_PORT_FIRST_OFFSET + 4;
    static final int SERVICE_MODE_OFFSET = SERVICE_PORT_LAST_OFFSET + 4;
    static final int SERVICE_ALGORITHM_OFFSET = SERVICE_MODE_OFFSET + 4;
    static final int SERVICE_ZERO_OFFSET = SERVICE_ALGORITHM_OFFSET + 4;
    static final int SERVICE_TIMEOUTS_OFFSET = SERVICE_ZERO_OFFSET + 4;
    static final int SERVICE_OPTIONS_OFFSET = SERVICE_TIMEOUTS_OFFSET + 4 * 4;
    static final int SERVICE_LENGTH = SERVICE_OPTIONS_OFFSET + ServiceOptions.LENGTH;

    static final int SET_ALGORITHM_SERVICE_OFFSET = 8;
    static final int SET_ALGORITHM_ALGORITHM_OFFSET = SET_ALGORITHM_SERVICE_OFFSET + NAME_LENGTH;
    static final int SET_ALGORITHM_LENGTH = SET_ALGORITHM_ALGORITHM_OFFSET + 8;

    static final int QUERY_SERVICE_OFFSET = 8;
    static final int QUERY_POOL_OFFSET = QUERY_SERVICE_OFFSET + NAME_LENGTH;
    static final int QUERY_BACKEND_OFFSET = QUERY_POOL_OFFSET + NAME_LENGTH;
    static final int QUERY_STATE_OFFSET = QUERY_BACKEND_OFFSET + NAME_LENGTH;
    static final int QUERY_CLIENT_OFFSET = QUERY_STATE_OFFSET + STATE_LENGTH;
    static final int QUERY_PREFIX_OFFSET = QUERY_CLIENT_OFFSET + IpAddress.LENGTH;
    static final int QUERY_CLIENT_PORT_OFFSET = QUERY_PREFIX_OFFSET + 4;
    static final int QUERY_MIN_AGE_OFFSET = QUERY_CLIENT_PORT_OFFSET + 4;
    static final int QUERY_LIMIT_OFFSET = QUERY_MIN_AGE_OFFSET + 4;
    static final int QUERY_LENGTH = QUERY_LIMIT_OFFSET + 4;

    static final int EXPLAIN_CLIENT_OFFSET = 8;
    static final int EXPLAIN_VIP_OFFSET = EXPLAIN_CLIENT_OFFSET + IpAddress.LENGTH;
    static final int EXPLAIN_PROTOCOL_OFFSET = EXPLAIN_VIP_OFFSET + IpAddress.LENGTH;
    static final int EXPLAIN_CLIENT_PORT_OFFSET = EXPLAIN_PROTOCOL_OFFSET + 4;
    static final int EXPLAIN_VIP_PORT_OFFSET = EXPLAIN_CLIENT_PORT_OFFSET + 4;
    static final int EXPLAIN_INTERFACE_OFFSET = EXPLAIN_VIP_PORT_OFFSET + 4;
    static final int EXPLAIN_LENGTH = EXPLAIN_INTERFACE_OFFSET + 4;

    static final int PING_CLIENT_PID_OFFSET = 8;
    static final int PING_LENGTH = 16;

    private CommandDescriptor() {}

    /** The exact length of a command, or -1 if there is none of that type. */
    static int length(final int typeId) {
        return switch (typeId) {
            case BEGIN_CONFIG -> BEGIN_LENGTH;
            case PUT_POOL -> POOL_LENGTH;
            case PUT_BACKEND -> BACKEND_LENGTH;
            case PUT_SERVICE -> SERVICE_LENGTH;
            case COMMIT_CONFIG, TRY_CONFIG -> COMMIT_LENGTH;
            case SET_BACKEND -> SET_BACKEND_LENGTH;
            case SET_ALGORITHM -> SET_ALGORITHM_LENGTH;
            case QUERY_FLOWS -> QUERY_LENGTH;
            case EXPLAIN -> EXPLAIN_LENGTH;
            case PING -> PING_LENGTH;
            case PUT_LOCAL_ADDRESS -> LOCAL_ADDRESS_LENGTH;
            case SET_RESPONSE_TIME -> RESPONSE_TIME_LENGTH;
            default -> -1;
        };
    }

    /** The name of a command for texts. */
    static String name(final int typeId) {
        return switch (typeId) {
            case BEGIN_CONFIG -> "BEGIN_CONFIG";
            case PUT_POOL -> "PUT_POOL";
            case PUT_BACKEND -> "PUT_BACKEND";
            case PUT_SERVICE -> "PUT_SERVICE";
            case COMMIT_CONFIG -> "COMMIT_CONFIG";
            case TRY_CONFIG -> "TRY_CONFIG";
            case SET_BACKEND -> "SET_BACKEND";
            case SET_ALGORITHM -> "SET_ALGORITHM";
            case QUERY_FLOWS -> "QUERY_FLOWS";
            case EXPLAIN -> "EXPLAIN";
            case PING -> "PING";
            case PUT_LOCAL_ADDRESS -> "PUT_LOCAL_ADDRESS";
            case SET_RESPONSE_TIME -> "SET_RESPONSE_TIME";
            default -> "command " + typeId;
        };
    }
}
