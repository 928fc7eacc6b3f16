package io.naru.dataplane.protocol;

/** The bounds that both planes agree on; a command that exceeds one is refused. */
public final class Limits {
    /** Services at once; service ids are below this. */
    public static final int MAX_SERVICES = 4_096;

    /** Backends at once over all pools; backend ids are below this. */
    public static final int MAX_BACKENDS = 16_384;

    /** Pools at once. */
    public static final int MAX_POOLS = 4_096;

    /** Backends of all services together, one that serves two of them counted twice. */
    public static final int MAX_SERVICE_BACKENDS = 262_144;

    /**
     * Tables of services that pick backends by a hash, 128 KiB each; see {@link
     * Algorithm#hashTables}.
     */
    public static final int MAX_HASH_TABLES = 512;

    /** Local addresses of full-nat, the VIPs that stand in for one included. */
    public static final int MAX_LOCAL_ADDRESSES = 256;

    /** Workers of a process. */
    public static final int MAX_WORKERS = 64;

    /** Interfaces of a process. */
    public static final int MAX_INTERFACES = 16;

    /** Bytes of the name of a service, pool or backend, as UTF-8. */
    public static final int MAX_NAME_BYTES = 63;

    /** Bytes of the text of a refusal or a last error, as UTF-8; longer ones are cut. */
    public static final int MAX_TEXT_BYTES = 1_000;

    /** Greatest weight of a backend. */
    public static final int MAX_WEIGHT = 65_535;

    /** Greatest priority of a backend. */
    public static final int MAX_PRIORITY = 255;

    /** Flows that one query may show; it counts all that match. */
    public static final int MAX_FLOWS_SHOWN = 1_000;

    /** Longest flow timeout: 30 days. */
    public static final int MAX_TIMEOUT_S = 30 * 24 * 3_600;

    private Limits() {}
}
