package io.naru.dataplane.neighbour;

/**
 * What is known of a neighbour now.
 *
 * @param macNet its MAC in the low 48 bits, as loaded from a frame; 0 if it isn't known.
 */
public record Sighting(State state, long macNet) {
    /** Nothing is known, or nobody has asked, or the answer is still out. */
    public static final Sighting NONE = new Sighting(State.UNKNOWN, 0);

    /** How well a neighbour is known. */
    public enum State {
        /** No MAC, and no verdict on whether there will be one. */
        UNKNOWN,
        /** Asked for several times in vain. */
        FAILED,
        /** Has a MAC that nobody has confirmed for a while, and nobody is about to. */
        STALE,
        /** Has a MAC that was confirmed lately, or is being confirmed. */
        FRESH,
        /** Set by hand: neither ages nor may be asked for. */
        FIXED
    }

    /** A frame may be sent to {@link #macNet}. */
    public boolean isUsable() {
        return macNet != 0 && state != State.UNKNOWN && state != State.FAILED;
    }
}
