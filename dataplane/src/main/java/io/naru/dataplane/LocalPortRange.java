package io.naru.dataplane;

/**
 * The ports that local addresses may use, host order, both ends included.
 *
 * @param first at least 1.
 */
record LocalPortRange(int first, int last) {
    /** All that need no privileges. */
    static final LocalPortRange DEFAULT =
            new LocalPortRange(
                    DataPlaneContext.LOCAL_PORT_FIRST_DEFAULT,
                    DataPlaneContext.LOCAL_PORT_LAST_DEFAULT);
}
