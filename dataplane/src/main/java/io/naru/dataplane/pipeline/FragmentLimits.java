package io.naru.dataplane.pipeline;

/**
 * What a worker spends on fragments at most.
 *
 * @param packets fragmented packets that it follows at once.
 * @param heldFrames fragments that wait for the first one of their packet, all packets together.
 * @param timeoutNs how long a packet's fragments are waited for. RFC 8200 4.5 says 60 s of a host
 *     that puts packets together; we only pass them on, and Linux waits for 30.
 * @param lingerNs how long a packet is remembered of which everything was seen, to tell copies of
 *     its fragments from those of a later packet with the same identification.
 */
public record FragmentLimits(int packets, int heldFrames, long timeoutNs, long lingerNs) {
    /** Fragments of one packet: of 64 KiB in pieces for IPv6's least MTU there are 54. */
    public static final int FRAGMENTS_PER_PACKET = 64;

    /** Some 700 kB, and a sixteenth of the frames that a worker has by default. */
    public static final FragmentLimits DEFAULT =
            new FragmentLimits(2_048, 256, 30_000_000_000L, 100_000_000L);
}
