package io.naru.dataplane.protocol;

/**
 * Which flows a query wants; a field at its "any" value does not restrict.
 *
 * @param service name, or empty for any.
 * @param pool name of the backend's pool, or empty for any.
 * @param backend name of the backend, or empty for any.
 * @param state word such as {@code established}, or empty for any.
 * @param client address or network of the client, or {@link IpAddress#NONE} for any.
 * @param clientPrefixBits leading bits of {@code client} that count: at most 32 for IPv4, 128 for
 *     IPv6.
 * @param clientPort host order, or 0 for any.
 * @param minAgeS least age in seconds.
 * @param limit flows to show, 0 to {@link Limits#MAX_FLOWS_SHOWN}; all that match are counted.
 */
public record FlowFilter(
        String service,
        String pool,
        String backend,
        String state,
        IpAddress client,
        int clientPrefixBits,
        int clientPort,
        int minAgeS,
        int limit) {
    /** Every flow, as many as may be shown. */
    public static final FlowFilter ALL =
            new FlowFilter("", "", "", "", IpAddress.NONE, 0, 0, 0, Limits.MAX_FLOWS_SHOWN);
}
