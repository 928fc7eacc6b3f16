package io.naru.dataplane.protocol;

/**
 * What a configuration that was only tried would do to one service.
 *
 * @param service its name.
 * @param kind whether it would stay, come or go.
 * @param kept live flows that would go on as they are.
 * @param leaving live flows that would go on, to a backend that takes no new ones any more.
 * @param moved live flows whose backend would be gone: packets that may open a flow get another
 *     one, the middle of a connection is reset.
 * @param ended live flows that would be ended, or whose packets would not be taken any more.
 * @param slots of the hash table by which it chooses backends; 0 if it has none, or had none.
 * @param changedSlots of these: with another backend than now.
 */
public record ServiceTrial(
        String service,
        Kind kind,
        long kept,
        long leaving,
        long moved,
        long ended,
        int slots,
        int changedSlots) {
    /** Whether a service is there before and after. */
    public enum Kind {
        /** Before and after, and as it was. */
        SAME(0, "same"),
        /** Before and after. */
        CHANGED(1, "changed"),
        /** Only after. */
        ADDED(2, "added"),
        /** Only before. */
        REMOVED(3, "removed");

        private static final Kind[] BY_CODE = values();

        private final int code;
        private final String label;

        Kind(final int code, final String label) {
            this.code = code;
            this.label = label;
        }

        int code() {
            return code;
        }

        /** The word that stands for it in output. */
        public String label() {
            return label;
        }

        /** The kind of a code, or null if there is none. */
        static Kind ofCode(final int code) {
            return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : null;
        }
    }

    /** Live flows that it has. */
    public long flows() {
        return kept + leaving + moved + ended;
    }
}
