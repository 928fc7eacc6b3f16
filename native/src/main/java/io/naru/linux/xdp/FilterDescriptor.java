package io.naru.linux.xdp;

/**
 * What {@code src/main/bpf/naru_filter.c} and we agree on: names, keys and values of its maps.
 *
 * <pre>
 *   naru_addresses   key                   value
 *                    0  address  16 B      0  flags        u32   ROLE_VIP, ROLE_LOCAL
 *                                          4  range count  u32
 *                                          8  16 × { u16 first, u16 last, u32 protocol }
 *
 *   naru_services, naru_backends
 *                    key                   value
 *                    0  address  16 B      0  anything     u32
 *                    16 port     u16 Net
 *                    18 protocol u8
 *                    19 zero     u8
 *
 *   naru_counters    index u32 = VERDICT   u64 on each CPU
 *   naru_sockets     queue u32             socket's descriptor
 *   naru_settings    0 u32                 1 if we are a bridge u32
 *                    1 u32                 the interface's VLAN, or 0 u32
 * </pre>
 *
 * Addresses are in network order, IPv4 as {@code ::ffff:a.b.c.d}. A service is asked for only if
 * its address has both roles; a backend's port 0 is any port. A backend is there once more for its
 * fragments, with {@link #PROTOCOL_FRAGMENT} in the protocol and port 0; one at the end of a tunnel
 * with the tunnel's protocol (47, 4 or 41) and port 0.
 */
public final class FilterDescriptor {
    /** The compiled program, a resource beside this class. */
    public static final String OBJECT = "naru_filter.o";

    public static final String SOCKETS_MAP = "naru_sockets";
    public static final String SETTINGS_MAP = "naru_settings";
    public static final String COUNTERS_MAP = "naru_counters";
    public static final String ADDRESSES_MAP = "naru_addresses";
    public static final String SERVICES_MAP = "naru_services";
    public static final String BACKENDS_MAP = "naru_backends";

    public static final int SETTING_BRIDGE = 0;
    public static final int SETTING_VLAN = 1;

    public static final int ADDRESS_LENGTH = 16;

    public static final int ENDPOINT_ADDRESS_OFFSET = 0;
    public static final int ENDPOINT_PORT_OFFSET = 16;
    public static final int ENDPOINT_PROTOCOL_OFFSET = 18;
    public static final int ENDPOINT_LENGTH = 20;

    /** In an endpoint's protocol: fragments of it, which have no port. */
    public static final int PROTOCOL_FRAGMENT = 0x80;

    public static final int ROLE_VIP = 1;
    public static final int ROLE_LOCAL = 2;
    public static final int RANGES_MAX = 16;
    public static final int ROLE_FLAGS_OFFSET = 0;
    public static final int ROLE_RANGE_COUNT_OFFSET = 4;
    public static final int ROLE_RANGES_OFFSET = 8;
    public static final int RANGE_FIRST_OFFSET = 0;
    public static final int RANGE_LAST_OFFSET = 2;
    public static final int RANGE_PROTOCOL_OFFSET = 4;
    public static final int RANGE_LENGTH = 8;
    public static final int ROLE_LENGTH = ROLE_RANGES_OFFSET + RANGES_MAX * RANGE_LENGTH;

    private FilterDescriptor() {}
}
