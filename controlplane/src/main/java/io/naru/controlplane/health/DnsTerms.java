package io.naru.controlplane.health;

import java.util.List;

/** The words of DNS that a configuration can use. */
public final class DnsTerms {
    /** By their number: RFC 1035 §4.1.1, RFC 2136 §2.2. */
    public static final List<String> RCODES =
            List.of(
                    "NOERROR",
                    "FORMERR",
                    "SERVFAIL",
                    "NXDOMAIN",
                    "NOTIMP",
                    "REFUSED",
                    "YXDOMAIN",
                    "YXRRSET",
                    "NXRRSET",
                    "NOTAUTH",
                    "NOTZONE");

    /** Types of records that can be asked for, with their numbers: the IANA registry. */
    public enum RecordType {
        A(1),
        NS(2),
        CNAME(5),
        SOA(6),
        PTR(12),
        MX(15),
        TXT(16),
        AAAA(28),
        SRV(33),
        DS(43),
        DNSKEY(48),
        HTTPS(65),
        ANY(255),
        CAA(257);

        private final int number;

        RecordType(final int number) {
            this.number = number;
        }

        int number() {
            return number;
        }
    }

    private DnsTerms() {}

    /** Why {@code name} cannot be asked for, in words; null if it can. */
    public static String complaint(final String name) {
        final String bare = name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
        if (bare.length() > 253) {
            return "a name has at most 253 characters";
        }
        if (!bare.isEmpty() || name.isEmpty()) {
            for (final String label : bare.split("\\.", -1)) {
                if (label.isEmpty() || label.length() > 63) {
                    return "between the dots are 1 to 63 characters";
                }
                if (!label.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
                    return "names here are ASCII; others as xn--…";
                }
            }
        }

        return null;
    }
}
