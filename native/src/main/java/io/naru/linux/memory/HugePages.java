package io.naru.linux.memory;

/** What to do about huge pages, which spare the packet path most of its TLB misses. */
public enum HugePages {
    /** Reserved huge pages if there are enough, else transparent ones, else plain pages. */
    AUTO,
    /** Reserved huge pages, or an error. */
    ON,
    /** Plain pages. */
    OFF
}
