package io.naru.dataplane.protocol;

/**
 * How {@code maglev} picks a backend; the other algorithms ignore it.
 *
 * @param hashesSource by the client's address alone, not by the whole tuple.
 * @param maglevSize slots of the table: {@link #SMALL} or {@link #LARGE}.
 */
public record Selection(boolean hashesSource, int maglevSize) {
    /** Shares differ by less than 1 % up to 655 backends of equal weight. */
    public static final int SMALL = 65_537;

    /** The same up to 6,553 backends. */
    public static final int LARGE = 655_373;

    public static final Selection DEFAULT = new Selection(false, SMALL);
}
