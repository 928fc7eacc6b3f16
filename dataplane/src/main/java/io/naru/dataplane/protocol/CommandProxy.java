package io.naru.dataplane.protocol;

import static io.naru.dataplane.protocol.CommandDescriptor.*;

import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;

/**
 * Sends commands to a data plane.
 *
 * <p>Each method returns false when the ring has no room: nothing was sent, try again. Any number
 * of threads and processes may send; a correlation id is unique over all of them.
 */
public final class CommandProxy {
    private final ManyToOneRingBuffer ring;

    /** Throws if the file was mapped for reading only. */
    public CommandProxy(final CncFile cncFile) {
        if (cncFile.isReadOnly()) {
            throw new IllegalStateException(
                    "not permitted to write " + cncFile.path() + ", so commands cannot be sent");
        }

        ring = new ManyToOneRingBuffer(cncFile.commandRingBuffer());
    }

    CommandProxy(final ManyToOneRingBuffer ring) {
        this.ring = ring;
    }

    /** A number that no other command of any client has; never 0. */
    public long nextCorrelationId() {
        final long correlationId = ring.nextCorrelationId();
        return correlationId != 0 ? correlationId : ring.nextCorrelationId();
    }

    /** Begins a configuration; all its parts carry the same correlation id. */
    public boolean beginConfig(
            final long correlationId,
            final long revision,
            final int services,
            final int pools,
            final int backends,
            final int localAddresses) {
        final int index = ring.tryClaim(BEGIN_CONFIG, BEGIN_LENGTH);
        if (index < 0) {
            return false;
        }

        final MutableDirectBuffer buffer = ring.buffer();
        buffer.putLong(index + CORRELATION_ID_OFFSET, correlationId);
        buffer.putLong(index + BEGIN_REVISION_OFFSET, revision);
        buffer.putInt(index + BEGIN_SERVICES_OFFSET, services);
        buffer.putInt(index + BEGIN_POOLS_OFFSET, pools);
        buffer.putInt(index + BEGIN_BACKENDS_OFFSET, backends);
        buffer.putInt(index + BEGIN_LOCAL_ADDRESSES_OFFSET, localAddresses);
        ring.commit(index);
        return true;
    }

    public boolean putLocalAddress(final long correlationId, final IpAddress address) {
        final int index = ring.tryClaim(PUT_LOCAL_ADDRESS, LOCAL_ADDRESS_LENGTH);
        if (index < 0) {
            return false;
        }

        final MutableDirectBuffer buffer = ring.buffer();
        buffer.putLong(index + CORRELATION_ID_OFFSET, correlationId);
        address.putTo(buffer, index + LOCAL_ADDRESS_OFFSET);
        ring.commit(index);
        return true;
    }

    public boolean putPool(final long correlationId, final String name) {
        checkName(name);
        final int index = ring.tryClaim(PUT_POOL, POOL_LENGTH);
        if (index < 0) {
            return false;
        }

        final MutableDirectBuffer buffer = ring.buffer();
        buffer.putLong(index + CORRELATION_ID_OFFSET, correlationId);
        name(buffer, index + POOL_NAME_OFFSET, name);
        ring.commit(index);
        return true;
    }

    public boolean putBackend(final long correlationId, final BackendSpec backend) {
        checkName(backend.pool());
        checkName(backend.name());
        final int index = ring.tryClaim(PUT_BACKEND, BACKEND_LENGTH);
        if (index < 0) {
            return false;
        }

        final MutableDirectBuffer buffer = ring.buffer();
        buffer.putLong(index + CORRELATION_ID_OFFSET, correlationId);
        name(buffer, index + BACKEND_POOL_OFFSET, backend.pool());
        name(buffer, index + BACKEND_NAME_OFFSET, backend.name());
        backend.address().putTo(buffer, index + BACKEND_ADDRESS_OFFSET);
        buffer.putInt(index + BACKEND_PORT_OFFSET, backend.port());
        buffer.putInt(index + BACKEND_WEIGHT_OFFSET, backend.weight());
        buffer.putInt(index + BACKEND_STATE_OFFSET, backend.state().code());
        buffer.putInt(index + BACKEND_SHARE_OFFSET, backend.share());
        buffer.putInt(index + BACKEND_PRIORITY_OFFSET, backend.priority());
        buffer.putInt(index + BACKEND_MAX_FLOWS_OFFSET, backend.maxFlows());
        buffer.putInt(index + BACKEND_MAX_FLOW_RATE_OFFSET, backend.maxFlowRate());
        buffer.putInt(index + BACKEND_MAX_FLOW_RATE_OFFSET + 4, 0);
        ring.commit(index);
        return true;
    }

    public boolean putService(final long correlationId, final ServiceSpec service) {
        checkName(service.name());
        checkName(service.pool());
        final int index = ring.tryClaim(PUT_SERVICE, SERVICE_LENGTH);
        if (index < 0) {
            return false;
        }

        final MutableDirectBuffer buffer = ring.buffer();
        buffer.putLong(index + CORRELATION_ID_OFFSET, correlationId);
        name(buffer, index + SERVICE_NAME_OFFSET, service.name());
        name(buffer, index + SERVICE_POOL_OFFSET, service.pool());
        service.vip().putTo(buffer, index + SERVICE_VIP_OFFSET);
        buffer.putInt(index + SERVICE_PROTOCOL_OFFSET, service.protocol().code());
        buffer.putInt(index + SERVICE_PORT_FIRST_OFFSET, service.portFirst());
        buffer.putInt(index + SERVICE_PORT_LAST_OFFSET, service.portLast());
        buffer.putInt(index + SERVICE_MODE_OFFSET, service.mode().code());
        buffer.putInt(index + SERVICE_ALGORITHM_OFFSET, service.algorithm().code());
        buffer.putInt(index + SERVICE_ZERO_OFFSET, 0);
        buffer.putInt(index + SERVICE_TIMEOUTS_OFFSET, service.timeouts().tcpOpeningS());
        buffer.putInt(index + SERVICE_TIMEOUTS_OFFSET + 4, service.timeouts().tcpEstablishedS());
        buffer.putInt(index + SERVICE_TIMEOUTS_OFFSET + 8, service.timeouts().tcpClosingS());
        buffer.putInt(index + SERVICE_TIMEOUTS_OFFSET + 12, service.timeouts().udpS());
        service.options().putTo(buffer, index + SERVICE_OPTIONS_OFFSET);
        ring.commit(index);
        return true;
    }

    /** Ends a configuration: it is applied whole, or refused whole. */
    public boolean commitConfig(final long correlationId) {
        final int index = ring.tryClaim(COMMIT_CONFIG, COMMIT_LENGTH);
        if (index < 0) {
            return false;
        }

        ring.buffer().putLong(index + CORRELATION_ID_OFFSET, correlationId);
        ring.commit(index);
        return true;
    }

    /** Ends a configuration that is not applied: the answer says what it would do. */
    public boolean tryConfig(final long correlationId) {
        final int index = ring.tryClaim(TRY_CONFIG, COMMIT_LENGTH);
        if (index < 0) {
            return false;
        }

        ring.buffer().putLong(index + CORRELATION_ID_OFFSET, correlationId);
        ring.commit(index);
        return true;
    }

    /**
     * @param weight -1 leaves it as it is.
     * @param share -1 leaves it as it is.
     * @param state {@link BackendState#KEEP} leaves it as it is.
     */
    public boolean setBackend(
            final long correlationId,
            final String pool,
            final String name,
            final int weight,
            final int share,
            final BackendState state) {
        checkName(pool);
        checkName(name);
        final int index = ring.tryClaim(SET_BACKEND, SET_BACKEND_LENGTH);
        if (index < 0) {
            return false;
        }

        final MutableDirectBuffer buffer = ring.buffer();
        buffer.putLong(index + CORRELATION_ID_OFFSET, correlationId);
        name(buffer, index + BACKEND_POOL_OFFSET, pool);
        name(buffer, index + BACKEND_NAME_OFFSET, name);
        buffer.putInt(index + SET_BACKEND_WEIGHT_OFFSET, weight);
        buffer.putInt(index + SET_BACKEND_STATE_OFFSET, state.code());
        buffer.putInt(index + SET_BACKEND_SHARE_OFFSET, share);
        buffer.putInt(index + SET_BACKEND_SHARE_OFFSET + 4, 0);
        ring.commit(index);
        return true;
    }

    /**
     * How long a backend took to answer a health check, smoothed; for {@code lrt} where its answers
     * do not pass the data plane.
     */
    public boolean setResponseTime(
            final long correlationId,
            final String pool,
            final String name,
            final long responseTimeNs) {
        checkName(pool);
        checkName(name);
        final int index = ring.tryClaim(SET_RESPONSE_TIME, RESPONSE_TIME_LENGTH);
        if (index < 0) {
            return false;
        }

        final MutableDirectBuffer buffer = ring.buffer();
        buffer.putLong(index + CORRELATION_ID_OFFSET, correlationId);
        name(buffer, index + BACKEND_POOL_OFFSET, pool);
        name(buffer, index + BACKEND_NAME_OFFSET, name);
        buffer.putLong(index + RESPONSE_TIME_NS_OFFSET, responseTimeNs);
        ring.commit(index);
        return true;
    }

    public boolean setAlgorithm(
            final long correlationId, final String service, final Algorithm algorithm) {
        checkName(service);
        final int index = ring.tryClaim(SET_ALGORITHM, SET_ALGORITHM_LENGTH);
        if (index < 0) {
            return false;
        }

        final MutableDirectBuffer buffer = ring.buffer();
        buffer.putLong(index + CORRELATION_ID_OFFSET, correlationId);
        name(buffer, index + SET_ALGORITHM_SERVICE_OFFSET, service);
        buffer.putInt(index + SET_ALGORITHM_ALGORITHM_OFFSET, algorithm.code());
        buffer.putInt(index + SET_ALGORITHM_ALGORITHM_OFFSET + 4, 0);
        ring.commit(index);
        return true;
    }

    public boolean queryFlows(final long correlationId, final FlowFilter filter) {
        checkName(filter.service());
        checkName(filter.pool());
        checkName(filter.backend());
        TextField.checkFits(filter.state(), TextField.STATE_LENGTH);
        final int index = ring.tryClaim(QUERY_FLOWS, QUERY_LENGTH);
        if (index < 0) {
            return false;
        }

        final MutableDirectBuffer buffer = ring.buffer();
        buffer.putLong(index + CORRELATION_ID_OFFSET, correlationId);
        name(buffer, index + QUERY_SERVICE_OFFSET, filter.service());
        name(buffer, index + QUERY_POOL_OFFSET, filter.pool());
        name(buffer, index + QUERY_BACKEND_OFFSET, filter.backend());
        TextField.put(buffer, index + QUERY_STATE_OFFSET, TextField.STATE_LENGTH, filter.state());
        filter.client().putTo(buffer, index + QUERY_CLIENT_OFFSET);
        buffer.putInt(index + QUERY_PREFIX_OFFSET, filter.clientPrefixBits());
        buffer.putInt(index + QUERY_CLIENT_PORT_OFFSET, filter.clientPort());
        buffer.putInt(index + QUERY_MIN_AGE_OFFSET, filter.minAgeS());
        buffer.putInt(index + QUERY_LIMIT_OFFSET, filter.limit());
        ring.commit(index);
        return true;
    }

    /** Asks what would become of a packet. */
    public boolean explain(final long correlationId, final PacketQuery query) {
        final int index = ring.tryClaim(EXPLAIN, EXPLAIN_LENGTH);
        if (index < 0) {
            return false;
        }

        final MutableDirectBuffer buffer = ring.buffer();
        buffer.putLong(index + CORRELATION_ID_OFFSET, correlationId);
        query.client().putTo(buffer, index + EXPLAIN_CLIENT_OFFSET);
        query.vip().putTo(buffer, index + EXPLAIN_VIP_OFFSET);
        buffer.putInt(index + EXPLAIN_PROTOCOL_OFFSET, query.protocol().code());
        buffer.putInt(index + EXPLAIN_CLIENT_PORT_OFFSET, query.clientPort());
        buffer.putInt(index + EXPLAIN_VIP_PORT_OFFSET, query.vipPort());
        buffer.putInt(index + EXPLAIN_INTERFACE_OFFSET, query.interfaceIndex());
        ring.commit(index);
        return true;
    }

    /** Says that this client lives and asks whether the data plane does. */
    public boolean ping(final long correlationId, final long clientPid) {
        final int index = ring.tryClaim(PING, PING_LENGTH);
        if (index < 0) {
            return false;
        }

        final MutableDirectBuffer buffer = ring.buffer();
        buffer.putLong(index + CORRELATION_ID_OFFSET, correlationId);
        buffer.putLong(index + PING_CLIENT_PID_OFFSET, clientPid);
        ring.commit(index);
        return true;
    }

    /** Before the claim, as a claim that is not committed would hold up everybody. */
    private static void checkName(final String name) {
        TextField.checkFits(name, TextField.NAME_LENGTH);
    }

    private static void name(
            final MutableDirectBuffer buffer, final int offset, final String name) {
        TextField.put(buffer, offset, TextField.NAME_LENGTH, name);
    }
}
