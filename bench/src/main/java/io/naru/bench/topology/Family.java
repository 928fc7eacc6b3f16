package io.naru.bench.topology;

/** A version of IP. */
public enum Family {
    IPV4,
    IPV6;

    /** The one of two things that belongs to this family. */
    public <T> T of(final T ipv4, final T ipv6) {
        return this == IPV4 ? ipv4 : ipv6;
    }

    /** An address as it is written in a URL. */
    public String inUrl(final String address) {
        return of(address, "[" + address + "]");
    }
}
