package io.naru.dataplane.schedule;

/**
 * Hashes that are the same on every balancer with the same seed, in every process and after every
 * restart, so that balancers side by side (ECMP) choose the same backend for a flow.
 *
 * <p>Not for the flow table: whoever knows the seed can find flows that collide. There the key is
 * secret, see {@code FlowHash}.
 */
public final class StableHash {
    /** The seed of {@code naru.hash.seed} if it is not set. */
    public static final long DEFAULT_SEED = 0x6e61_7275_2d73_6368L; // "naru-sch"

    private static final long TUPLE = 0x9e37_79b9_7f4a_7c15L;
    private static final long SOURCE = 0xd1b5_4a32_d192_ed03L;
    private static final long DESTINATION = 0xaef1_7502_108e_f2d9L;
    private static final long PORT = 0x9e6c_63d0_676a_9a99L;
    private static final long IDENTITY = 0x8cb9_2ba7_2f3d_8dd7L;

    private final long tupleSeed;
    private final long sourceSeed;
    private final long destinationSeed;

    public StableHash(final long seed) {
        tupleSeed = mix(seed ^ TUPLE);
        sourceSeed = mix(seed ^ SOURCE);
        destinationSeed = mix(seed ^ DESTINATION);
    }

    /**
     * Of all that makes a flow; the ips and ports as loaded from the packet.
     *
     * @param vipPortNet the port that the client called.
     */
    public long tuple(
            final int clientIpNet,
            final int clientPortNet,
            final int vipIpNet,
            final int vipPortNet,
            final int protocol) {
        final long addresses = (clientIpNet & 0xffff_ffffL) << 32 | (vipIpNet & 0xffff_ffffL);
        final long ports =
                (clientPortNet & 0xffffL) << 32 | (vipPortNet & 0xffffL) << 16 | (protocol & 0xff);

        return mix(mix(addresses ^ tupleSeed) ^ ports);
    }

    /** What stands for an IPv6 address in the other hashes; two longs as loaded. */
    public static int shortened(final long highNet, final long lowNet) {
        return (int) mix(mix(highNet) ^ lowNet);
    }

    /** Of the client alone, whatever it calls; the ip as loaded from the packet. */
    public long source(final int clientIpNet) {
        return mix((clientIpNet & 0xffff_ffffL) ^ sourceSeed);
    }

    /**
     * Of the client's address and port.
     *
     * @param sourceHash from {@link #source}.
     * @param clientPortNet as loaded from the packet.
     */
    public static long sourcePort(final long sourceHash, final int clientPortNet) {
        return mix(sourceHash + (clientPortNet & 0xffffL) * PORT);
    }

    /** Of the VIP alone; the ip as loaded from the packet. */
    public long destination(final int vipIpNet) {
        return mix((vipIpNet & 0xffff_ffffL) ^ destinationSeed);
    }

    /**
     * What a backend is called on every balancer, from where it is; independent of the seed.
     *
     * @param addressHigh the first 8 bytes of the (IPv4-mapped) address, as a big-endian number.
     * @param addressLow the last 8 bytes.
     * @param port host order; 0 if it has the service's.
     */
    public static long backendIdentity(
            final long addressHigh, final long addressLow, final int port) {
        return mix(mix(mix(addressHigh ^ IDENTITY) ^ addressLow) ^ port);
    }

    /**
     * A bijection in which each bit of the input changes each of the output (David Stafford's
     * 13th).
     */
    static long mix(final long value) {
        long x = value;
        x = (x ^ (x >>> 30)) * 0xbf58_476d_1ce4_e5b9L;
        x = (x ^ (x >>> 27)) * 0x94d0_49bb_1331_11ebL;

        return x ^ (x >>> 31);
    }

    /** Maps a hash to {@code [0, size)} evenly, without a division (Lemire's fast range). */
    static int range(final long hash, final int size) {
        return (int) (((hash >>> 32) * size) >>> 32);
    }
}
