package io.naru.controlplane.pool;

/** Which backends of a pool take new flows. */
public enum Serving {
    /** Those of the regular ones that are up. */
    REGULAR("regular"),
    /** All regular ones, also those that are not up. */
    PANIC("panic"),
    /** The backups that are up. */
    BACKUP("backup"),
    /** The sorry server. */
    SORRY("sorry"),
    /** Nobody. */
    NOBODY("nobody");

    private final String label;

    Serving(final String label) {
        this.label = label;
    }

    /** The word for it in output. */
    public String label() {
        return label;
    }
}
