package io.naru.dataplane.flow;

import io.naru.dataplane.port.PacketBurst;

/**
 * The keyed hash of a flow, taken from the client's endpoint and the protocol only.
 *
 * <p>The client's endpoint is what the packets of both directions have in common, so one hash finds
 * the flow from either side and names the worker that owns it:
 *
 * <pre>
 *   63            48 47                              16 15             0
 *  +----------------+----------------------------------+----------------+
 *  |     worker     |             bucket               |      tag       |
 *  +----------------+----------------------------------+----------------+
 * </pre>
 *
 * The three use different bits: were the bucket taken from the bits that chose the worker, each
 * worker would use only its share of its own table.
 *
 * <p>The seeds are random and secret, the same for all workers of a process. Without them nobody
 * outside can choose endpoints that fall into one bucket. The mixing is the multiply-and-fold of
 * wyhash, twice; signed high halves do as well as unsigned ones and are an instruction everywhere.
 */
public final class FlowHash {
    private static final int WORKER_SHIFT = 48;
    private static final int BUCKET_SHIFT = 16;
    private static final int TAG_MASK = 0xffff;

    /** An odd constant with as many ones as zeros and no pattern, from wyhash. */
    private static final long MIXER = 0xa076_1d64_78bd_642fL;

    private final long seed0;
    private final long seed1;

    public FlowHash(final long seed0, final long seed1) {
        this.seed0 = seed0;
        this.seed1 = seed1;
    }

    /**
     * Fills {@code hash} of the burst from {@code keyA}, {@code keyB} and {@code direction}.
     *
     * <p>Packets that are not of kind TRANSPORT have keys of zero and get a hash that means nothing
     * and finds nothing; that costs less than asking which they are.
     */
    public void hash(final PacketBurst burst) {
        final int count = burst.count;
        for (int i = 0; i < count; i++) {
            burst.hash[i] = hash(burst.keyA[i], burst.keyB[i], burst.direction[i]);
        }
    }

    /** The hash of a packet with these keys going in this direction. */
    public long hash(final long keyA, final long keyB, final int direction) {
        // The client is the source of a packet to the backend, the destination of one to it.
        return hash(
                (int) (keyA >>> (direction << 5)),
                (int) (keyB >>> (direction << 4)),
                (int) (keyB >>> Integer.SIZE));
    }

    /**
     * @param clientIpNet the client's IPv4 address.
     * @param clientPortNet the client's port in the low 16 bits; the others are ignored.
     * @param protocol IP protocol number.
     */
    public long hash(final int clientIpNet, final int clientPortNet, final int protocol) {
        final long endpoint =
                (clientIpNet & 0xffff_ffffL)
                        | ((clientPortNet & 0xffffL) << 32)
                        | ((long) protocol << 48);
        return mix(mix(endpoint ^ seed0, MIXER) ^ endpoint, seed1);
    }

    /** A hash of two numbers that means nothing but what the caller means by them. */
    public long keyed(final long a, final long b) {
        return mix(mix(a ^ seed0, MIXER) ^ b, seed1);
    }

    /**
     * What stands for an IPv6 address in the keys of a flow: 32 bits that nobody outside can
     * foresee, never 0. Two addresses may share a digest; {@link FlowAddresses} tells them apart.
     */
    public int digest(final long highNet, final long lowNet) {
        final int digest = (int) (keyed(highNet, lowNet) >>> Integer.SIZE);
        return digest == 0 ? 1 : digest;
    }

    /** The worker that owns flows with this hash, of {@code workers} (at most 65,536). */
    public static int worker(final long hash, final int workers) {
        return (int) (((hash >>> WORKER_SHIFT) * workers) >>> 16);
    }

    /** The bucket, of {@code buckets}, in which such flows start to look for a place. */
    static int bucket(final long hash, final int buckets) {
        return (int) ((((hash >>> BUCKET_SHIFT) & 0xffff_ffffL) * buckets) >>> 32);
    }

    /** What a bucket remembers of a flow, 1 to 0xffff: 0 means a free slot. */
    static int tag(final long hash) {
        final int tag = (int) hash & TAG_MASK;
        return tag + ((tag - 1) >>> 31);
    }

    long seed0() {
        return seed0;
    }

    long seed1() {
        return seed1;
    }

    private static long mix(final long a, final long b) {
        return Math.multiplyHigh(a, b) ^ (a * b);
    }
}
