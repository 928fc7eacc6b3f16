package io.naru.dataplane.protocol;

import static io.naru.dataplane.protocol.CommandDescriptor.*;

import io.naru.dataplane.protocol.ServiceSpec.Timeouts;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.MessageHandler;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RecordDescriptor;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/**
 * Takes commands from the clients' ring, checks each value of them, and hands them to a {@link
 * CommandListener}.
 *
 * <p>Whatever the bytes are, a message is either understood whole or refused whole. The
 * conductor's.
 */
public final class CommandAdapter implements MessageHandler {
    /** A record that its client did not finish within this time is taken for abandoned. */
    private static final long UNBLOCK_TIMEOUT_NS = 1_000_000_000;

    private final ManyToOneRingBuffer ring;
    private final CommandListener listener;
    private long blockedPosition = -1;
    private long blockedSinceNs;

    public CommandAdapter(final CncFile cncFile, final CommandListener listener) {
        this(new ManyToOneRingBuffer(cncFile.commandRingBuffer()), listener);
    }

    CommandAdapter(final ManyToOneRingBuffer ring, final CommandListener listener) {
        this.ring = ring;
        this.listener = listener;
    }

    /**
     * Handles up to {@code limit} commands.
     *
     * @return how many were handled.
     */
    public int poll(final int limit, final long nowNs) {
        int count = 0;
        while (count < limit) {
            if (isDamaged()) {
                reset();
                listener.onGarbled(0, "the command ring was damaged and has been emptied");
                return count + 1;
            }

            final long position = ring.consumerPosition();
            count += ring.read(this, 1);
            if (ring.consumerPosition() == position) {
                break;
            }
        }

        if (count == 0) {
            unblock(nowNs);
        } else {
            blockedPosition = -1;
        }

        return count;
    }

    /**
     * Whether the length of the next record, which any client may have written, leads out of the
     * ring. The ring itself would follow it.
     */
    private boolean isDamaged() {
        final int index = (int) ring.consumerPosition() & (ring.capacity() - 1);
        final long length = ring.buffer().getIntVolatile(RecordDescriptor.lengthOffset(index));
        return Math.abs(length) > ring.capacity() - index
                || (index & (RecordDescriptor.ALIGNMENT - 1)) != 0
                || (length > 0 && length < RecordDescriptor.HEADER_LENGTH);
    }

    /** Steps over the record of a client that died between claiming it and committing it. */
    private void unblock(final long nowNs) {
        final long position = ring.consumerPosition();
        if (ring.producerPosition() == position) {
            blockedPosition = -1;
        } else if (blockedPosition != position) {
            blockedPosition = position;
            blockedSinceNs = nowNs;
        } else if (nowNs - blockedSinceNs > UNBLOCK_TIMEOUT_NS) {
            blockedPosition = -1;
            if (!ring.unblock()) {
                reset();
                listener.onGarbled(0, "the command ring was blocked and has been emptied");
            }
        }
    }

    /** Empties a ring whose record headers cannot be followed. */
    private void reset() {
        final int capacity = ring.capacity();
        final long tail =
                ring.buffer().getLongVolatile(capacity + RingBufferDescriptor.TAIL_POSITION_OFFSET);
        final long head = (tail + capacity) & -capacity; // a position that any writer may start at
        ring.buffer().setMemory(0, capacity, (byte) 0);
        ring.buffer().putLong(capacity + RingBufferDescriptor.HEAD_CACHE_POSITION_OFFSET, head);
        ring.buffer().putLongRelease(capacity + RingBufferDescriptor.HEAD_POSITION_OFFSET, head);
        ring.buffer().putLongRelease(capacity + RingBufferDescriptor.TAIL_POSITION_OFFSET, head);
    }

    @Override
    public void onMessage(
            final int typeId,
            final MutableDirectBuffer buffer,
            final int offset,
            final int length) {
        final long correlationId =
                length >= Long.BYTES ? buffer.getLong(offset + CORRELATION_ID_OFFSET) : 0;
        final int expectedLength = CommandDescriptor.length(typeId);
        if (expectedLength < 0) {
            listener.onGarbled(correlationId, "there is no command of type " + typeId);
        } else if (length != expectedLength) {
            listener.onGarbled(
                    correlationId,
                    "%s must be %d bytes long, not %d"
                            .formatted(CommandDescriptor.name(typeId), expectedLength, length));
        } else {
            final String refusal = handle(typeId, correlationId, buffer, offset);
            if (refusal != null) {
                listener.onGarbled(correlationId, CommandDescriptor.name(typeId) + ": " + refusal);
            }
        }
    }

    /** Returns what is wrong with the message, or null after the listener has taken it. */
    private String handle(
            final int typeId,
            final long correlationId,
            final MutableDirectBuffer buffer,
            final int offset) {
        return switch (typeId) {
            case BEGIN_CONFIG -> beginConfig(correlationId, buffer, offset);
            case PUT_POOL -> putPool(correlationId, buffer, offset);
            case PUT_BACKEND -> putBackend(correlationId, buffer, offset);
            case PUT_LOCAL_ADDRESS -> putLocalAddress(correlationId, buffer, offset);
            case PUT_SERVICE -> putService(correlationId, buffer, offset);
            case COMMIT_CONFIG -> {
                listener.onCommitConfig(correlationId);
                yield null;
            }
            case TRY_CONFIG -> {
                listener.onTryConfig(correlationId);
                yield null;
            }
            case SET_BACKEND -> setBackend(correlationId, buffer, offset);
            case SET_ALGORITHM -> setAlgorithm(correlationId, buffer, offset);
            case SET_RESPONSE_TIME -> setResponseTime(correlationId, buffer, offset);
            case QUERY_FLOWS -> queryFlows(correlationId, buffer, offset);
            case EXPLAIN -> explain(correlationId, buffer, offset);
            case PING -> {
                listener.onPing(correlationId, buffer.getLong(offset + PING_CLIENT_PID_OFFSET));
                yield null;
            }
            default -> throw new AssertionError(typeId);
        };
    }

    private String beginConfig(
            final long correlationId, final MutableDirectBuffer buffer, final int offset) {
        final int services = buffer.getInt(offset + BEGIN_SERVICES_OFFSET);
        final int pools = buffer.getInt(offset + BEGIN_POOLS_OFFSET);
        final int backends = buffer.getInt(offset + BEGIN_BACKENDS_OFFSET);
        if (isOutside(services, 0, Limits.MAX_SERVICES)) {
            return "at most " + Limits.MAX_SERVICES + " services are possible, not " + services;
        }
        if (isOutside(pools, 0, Limits.MAX_POOLS)) {
            return "at most " + Limits.MAX_POOLS + " pools are possible, not " + pools;
        }
        if (isOutside(backends, 0, Limits.MAX_BACKENDS)) {
            return "at most " + Limits.MAX_BACKENDS + " backends are possible, not " + backends;
        }

        final int locals = buffer.getInt(offset + BEGIN_LOCAL_ADDRESSES_OFFSET);
        if (isOutside(locals, 0, Limits.MAX_LOCAL_ADDRESSES)) {
            return "at most %d local addresses are possible, not %d"
                    .formatted(Limits.MAX_LOCAL_ADDRESSES, locals);
        }

        listener.onBeginConfig(
                correlationId,
                buffer.getLong(offset + BEGIN_REVISION_OFFSET),
                services,
                pools,
                backends,
                locals);
        return null;
    }

    private String putLocalAddress(
            final long correlationId, final MutableDirectBuffer buffer, final int offset) {
        final IpAddress address = IpAddress.getFrom(buffer, offset + LOCAL_ADDRESS_OFFSET);
        if (address.isNone()) {
            return "a local address cannot be ::";
        }

        listener.onPutLocalAddress(correlationId, address);
        return null;
    }

    private String putPool(
            final long correlationId, final MutableDirectBuffer buffer, final int offset) {
        final String name = name(buffer, offset + POOL_NAME_OFFSET);
        if (isNoName(name)) {
            return "the pool has no valid name";
        }

        listener.onPutPool(correlationId, name);
        return null;
    }

    private String putBackend(
            final long correlationId, final MutableDirectBuffer buffer, final int offset) {
        final String pool = name(buffer, offset + BACKEND_POOL_OFFSET);
        final String name = name(buffer, offset + BACKEND_NAME_OFFSET);
        if (isNoName(pool) || isNoName(name)) {
            return "the backend has no valid name";
        }

        final BackendSpec backend =
                new BackendSpec(
                        pool,
                        name,
                        IpAddress.getFrom(buffer, offset + BACKEND_ADDRESS_OFFSET),
                        buffer.getInt(offset + BACKEND_PORT_OFFSET),
                        buffer.getInt(offset + BACKEND_WEIGHT_OFFSET),
                        buffer.getInt(offset + BACKEND_SHARE_OFFSET),
                        buffer.getInt(offset + BACKEND_PRIORITY_OFFSET),
                        buffer.getInt(offset + BACKEND_MAX_FLOWS_OFFSET),
                        buffer.getInt(offset + BACKEND_MAX_FLOW_RATE_OFFSET),
                        BackendState.ofCode(buffer.getInt(offset + BACKEND_STATE_OFFSET)));
        final String refusal = backend.refusal();
        if (refusal != null) {
            return refusal;
        }

        listener.onPutBackend(correlationId, backend);
        return null;
    }

    private String putService(
            final long correlationId, final MutableDirectBuffer buffer, final int offset) {
        final String name = name(buffer, offset + SERVICE_NAME_OFFSET);
        final String pool = name(buffer, offset + SERVICE_POOL_OFFSET);
        if (isNoName(name)) {
            return "the service has no valid name";
        }

        final String who = "service " + name + ": ";
        final Protocol protocol = Protocol.ofCode(buffer.getInt(offset + SERVICE_PROTOCOL_OFFSET));
        final int portFirst = buffer.getInt(offset + SERVICE_PORT_FIRST_OFFSET);
        final int portLast = buffer.getInt(offset + SERVICE_PORT_LAST_OFFSET);
        final Mode mode = Mode.ofCode(buffer.getInt(offset + SERVICE_MODE_OFFSET));
        final Algorithm algorithm =
                Algorithm.ofCode(buffer.getInt(offset + SERVICE_ALGORITHM_OFFSET));
        if (isNoName(pool)) {
            return who + "its pool has no valid name";
        }
        if (protocol == null) {
            return who + "there is no such protocol";
        }
        if (isOutside(portFirst, 0, 0xffff) || isOutside(portLast, portFirst, 0xffff)) {
            return who + "ports must be 0 to 65535 in order, not " + portFirst + "-" + portLast;
        }
        if (mode == null) {
            return who + "there is no such mode";
        }
        if (algorithm == null) {
            return who + "there is no such algorithm";
        }
        if (buffer.getInt(offset + SERVICE_ZERO_OFFSET) != 0) {
            return who + "there are no such flags";
        }

        final String refusal = ServiceOptions.refusal(buffer, offset + SERVICE_OPTIONS_OFFSET);
        if (refusal != null) {
            return who + refusal;
        }
        for (int i = 0; i < 4; i++) {
            final int timeoutS = buffer.getInt(offset + SERVICE_TIMEOUTS_OFFSET + i * 4);
            if (isOutside(timeoutS, 0, Limits.MAX_TIMEOUT_S)) {
                return who
                        + "a timeout must be 0 to "
                        + Limits.MAX_TIMEOUT_S
                        + " seconds, not "
                        + timeoutS;
            }
        }

        listener.onPutService(
                correlationId,
                new ServiceSpec(
                        name,
                        IpAddress.getFrom(buffer, offset + SERVICE_VIP_OFFSET),
                        protocol,
                        portFirst,
                        portLast,
                        mode,
                        algorithm,
                        pool,
                        new Timeouts(
                                buffer.getInt(offset + SERVICE_TIMEOUTS_OFFSET),
                                buffer.getInt(offset + SERVICE_TIMEOUTS_OFFSET + 4),
                                buffer.getInt(offset + SERVICE_TIMEOUTS_OFFSET + 8),
                                buffer.getInt(offset + SERVICE_TIMEOUTS_OFFSET + 12)),
                        ServiceOptions.getFrom(buffer, offset + SERVICE_OPTIONS_OFFSET)));
        return null;
    }

    private String setBackend(
            final long correlationId, final MutableDirectBuffer buffer, final int offset) {
        final String pool = name(buffer, offset + BACKEND_POOL_OFFSET);
        final String name = name(buffer, offset + BACKEND_NAME_OFFSET);
        if (isNoName(pool) || isNoName(name)) {
            return "the backend has no valid name";
        }

        final int weight = buffer.getInt(offset + SET_BACKEND_WEIGHT_OFFSET);
        final BackendState state =
                BackendState.ofCode(buffer.getInt(offset + SET_BACKEND_STATE_OFFSET));
        final String who = "backend " + pool + "/" + name + ": ";
        if (isOutside(weight, -1, Limits.MAX_WEIGHT)) {
            return who + "weight must be 0 to " + Limits.MAX_WEIGHT + ", not " + weight;
        }
        final int share = buffer.getInt(offset + SET_BACKEND_SHARE_OFFSET);
        if (share != -1 && isOutside(share, 1, BackendSpec.FULL_SHARE)) {
            return who + "share must be 1 to " + BackendSpec.FULL_SHARE + ", not " + share;
        }
        if (state == null) {
            return who + "there is no such state";
        }

        listener.onSetBackend(correlationId, pool, name, weight, share, state);
        return null;
    }

    private String setResponseTime(
            final long correlationId, final MutableDirectBuffer buffer, final int offset) {
        final String pool = name(buffer, offset + BACKEND_POOL_OFFSET);
        final String name = name(buffer, offset + BACKEND_NAME_OFFSET);
        if (isNoName(pool) || isNoName(name)) {
            return "the backend has no valid name";
        }

        final long responseTimeNs = buffer.getLong(offset + RESPONSE_TIME_NS_OFFSET);
        if (responseTimeNs < 0) {
            return "backend %s/%s: a response time cannot be negative: %d"
                    .formatted(pool, name, responseTimeNs);
        }

        listener.onSetResponseTime(correlationId, pool, name, responseTimeNs);
        return null;
    }

    private String setAlgorithm(
            final long correlationId, final MutableDirectBuffer buffer, final int offset) {
        final String service = name(buffer, offset + SET_ALGORITHM_SERVICE_OFFSET);
        final Algorithm algorithm =
                Algorithm.ofCode(buffer.getInt(offset + SET_ALGORITHM_ALGORITHM_OFFSET));
        if (isNoName(service)) {
            return "the service has no valid name";
        }
        if (algorithm == null) {
            return "service " + service + ": there is no such algorithm";
        }

        listener.onSetAlgorithm(correlationId, service, algorithm);
        return null;
    }

    private String queryFlows(
            final long correlationId, final MutableDirectBuffer buffer, final int offset) {
        final String service = name(buffer, offset + QUERY_SERVICE_OFFSET);
        final String pool = name(buffer, offset + QUERY_POOL_OFFSET);
        final String backend = name(buffer, offset + QUERY_BACKEND_OFFSET);
        final String state =
                TextField.get(buffer, offset + QUERY_STATE_OFFSET, TextField.STATE_LENGTH);
        if (service == null || pool == null || backend == null || state == null) {
            return "a name is not valid";
        }

        final IpAddress client = IpAddress.getFrom(buffer, offset + QUERY_CLIENT_OFFSET);
        final int prefixBits = buffer.getInt(offset + QUERY_PREFIX_OFFSET);
        final int clientPort = buffer.getInt(offset + QUERY_CLIENT_PORT_OFFSET);
        final int minAgeS = buffer.getInt(offset + QUERY_MIN_AGE_OFFSET);
        final int limit = buffer.getInt(offset + QUERY_LIMIT_OFFSET);
        final int maxPrefixBits = client.isIpv4() ? 32 : 128;
        if (isOutside(prefixBits, 0, maxPrefixBits)) {
            return "the prefix must be 0 to " + maxPrefixBits + " bits, not " + prefixBits;
        }
        if (isOutside(clientPort, 0, 0xffff)) {
            return "the client's port must be 0 to 65535, not " + clientPort;
        }
        if (minAgeS < 0) {
            return "the age cannot be negative: " + minAgeS;
        }
        if (isOutside(limit, 0, Limits.MAX_FLOWS_SHOWN)) {
            return "the limit must be 0 to " + Limits.MAX_FLOWS_SHOWN + ", not " + limit;
        }

        listener.onQueryFlows(
                correlationId,
                new FlowFilter(
                        service,
                        pool,
                        backend,
                        state,
                        client,
                        prefixBits,
                        clientPort,
                        minAgeS,
                        limit));
        return null;
    }

    private String explain(
            final long correlationId, final MutableDirectBuffer buffer, final int offset) {
        final PacketQuery query =
                new PacketQuery(
                        Protocol.ofCode(buffer.getInt(offset + EXPLAIN_PROTOCOL_OFFSET)),
                        IpAddress.getFrom(buffer, offset + EXPLAIN_CLIENT_OFFSET),
                        buffer.getInt(offset + EXPLAIN_CLIENT_PORT_OFFSET),
                        IpAddress.getFrom(buffer, offset + EXPLAIN_VIP_OFFSET),
                        buffer.getInt(offset + EXPLAIN_VIP_PORT_OFFSET),
                        buffer.getInt(offset + EXPLAIN_INTERFACE_OFFSET));
        if (query.protocol() == null) {
            return "there is no such protocol";
        }
        if (isOutside(query.clientPort(), 0, 0xffff) || isOutside(query.vipPort(), 0, 0xffff)) {
            return "a port must be 0 to 65535";
        }
        if (query.client().isNone()
                || query.vip().isNone()
                || query.client().isIpv4() != query.vip().isIpv4()) {
            return "client and VIP must be addresses of one family";
        }

        listener.onExplain(correlationId, query);
        return null;
    }

    private static String name(final MutableDirectBuffer buffer, final int offset) {
        return TextField.get(buffer, offset, TextField.NAME_LENGTH);
    }

    private static boolean isNoName(final String name) {
        return name == null || name.isEmpty();
    }

    private static boolean isOutside(final int value, final int min, final int max) {
        return value < min || value > max;
    }
}
