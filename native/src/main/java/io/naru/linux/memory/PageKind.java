package io.naru.linux.memory;

/** What a region of memory was found to stand on. */
public enum PageKind {
    /** Huge pages reserved by the administrator (hugetlb). */
    RESERVED_HUGE("reserved huge pages"),
    /** Huge pages that the kernel put together for us (transparent huge pages). */
    TRANSPARENT_HUGE("transparent huge pages"),
    /** The machine's ordinary pages. */
    PLAIN("plain pages");

    private final String words;

    PageKind(final String words) {
        this.words = words;
    }

    /** In words, for people. */
    public String words() {
        return words;
    }
}
