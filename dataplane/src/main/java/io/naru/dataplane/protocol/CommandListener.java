package io.naru.dataplane.protocol;

/**
 * What a data plane does with the commands of its clients; the values were checked one by one, not
 * yet against each other.
 */
public interface CommandListener {
    /** A configuration begins, with so many parts; one that is still open is given up. */
    void onBeginConfig(
            long correlationId,
            long revision,
            int services,
            int pools,
            int backends,
            int localAddresses);

    void onPutPool(long correlationId, String name);

    void onPutBackend(long correlationId, BackendSpec backend);

    void onPutLocalAddress(long correlationId, IpAddress address);

    void onPutService(long correlationId, ServiceSpec service);

    void onCommitConfig(long correlationId);

    /** A configuration ends that is not to be applied: what would it do? */
    default void onTryConfig(final long correlationId) {}

    /**
     * @param weight -1 leaves it as it is.
     * @param share -1 leaves it as it is.
     * @param state {@link BackendState#KEEP} leaves it as it is.
     */
    void onSetBackend(
            long correlationId,
            String pool,
            String name,
            int weight,
            int share,
            BackendState state);

    /** What checks measured where the answers of a backend do not pass us. */
    void onSetResponseTime(long correlationId, String pool, String name, long responseTimeNs);

    void onSetAlgorithm(long correlationId, String service, Algorithm algorithm);

    void onQueryFlows(long correlationId, FlowFilter filter);

    /** What would become of a packet? */
    default void onExplain(final long correlationId, final PacketQuery query) {}

    void onPing(long correlationId, long clientPid);

    /**
     * A message is no command that we understand.
     *
     * @param correlationId of the message, 0 if it is too short to have one.
     */
    void onGarbled(long correlationId, String text);
}
