package io.naru.controlplane.health.way;

import io.naru.controlplane.health.CheckResult;
import io.naru.dataplane.protocol.IpAddress;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.unix.IntegerUnixChannelOption;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * A way, for one attempt of a check: its sockets are marked and known by their port, so that their
 * packets are sent by the way.
 *
 * <p>{@link #connect} does all of it for a socket of netty. Other sockets: {@link #mark()} by
 * SO_MARK, bind to {@link #source()}, then {@link #bound}, then send to {@link #destination}, and
 * {@link #close()} in the end. Used by the checks' thread alone.
 */
public final class Lease implements AutoCloseable {
    // include/uapi/asm-generic/socket.h
    private static final int SOL_SOCKET = 1;
    private static final int SO_MARK = 36;

    /** Needs CAP_NET_ADMIN, without which there is no lease to use it with. */
    private static final ChannelOption<Integer> MARK_OPTION =
            new IntegerUnixChannelOption("SO_MARK", SOL_SOCKET, SO_MARK);

    private static final int IPPROTO_TCP = 6;
    private static final int IPPROTO_UDP = 17;

    private final Ways ways;
    private final Way way;
    private final IpAddress wantedSource;
    private final Resolution resolution;
    private volatile String trouble; // of the latest packet that could not be sent; by the device
    private volatile boolean isUsed; // by the device
    private Sender sender;

    Lease(
            final Ways ways,
            final Way way,
            final IpAddress wantedSource,
            final Resolution resolution) {
        this.ways = ways;
        this.way = way;
        this.wantedSource = wantedSource;
        this.resolution = resolution;
    }

    /**
     * What the attempt has come to before anything could be sent.
     *
     * @return null if it may go on.
     */
    public CheckResult obstacle() {
        if (resolution.obstacle() == null) {
            return null;
        }

        final String text = way + ": " + resolution.obstacle();
        return resolution.isOurs() ? CheckResult.notTried(text, 0) : CheckResult.failed(text, 0);
    }

    /**
     * Connects a socket by this way: TCP, or UDP to receive from there only. The lease ends with
     * the channel.
     *
     * @param bootstrap of netty's epoll transport; it is not changed.
     * @param address of the backend; its port is the VIP's too.
     * @return of the connection, as {@code Bootstrap.connect()}.
     */
    public ChannelFuture connect(final Bootstrap bootstrap, final InetSocketAddress address) {
        if (way.isDirect()) {
            return resolution.source() == null
                    ? bootstrap.connect(address)
                    : bootstrap.connect(address, new InetSocketAddress(source(), 0));
        }

        final ChannelFuture registered =
                bootstrap.clone().option(MARK_OPTION, Ways.MARK).register();
        if (registered.isDone() && !registered.isSuccess()) {
            return registered;
        }

        final Channel channel = registered.channel();
        final ChannelPromise connected = channel.newPromise();
        channel.closeFuture().addListener(closed -> close());
        registered.addListener(
                ready -> {
                    if (ready.isSuccess()) {
                        bindAndConnect(channel, destination(address), connected);
                    } else {
                        connected.tryFailure(ready.cause());
                    }
                });
        return connected;
    }

    private void bindAndConnect(
            final Channel channel,
            final InetSocketAddress destination,
            final ChannelPromise connected) {
        channel.bind(new InetSocketAddress(source(), 0))
                .addListener(
                        bind -> {
                            if (!bind.isSuccess()) {
                                connected.tryFailure(bind.cause());
                                return;
                            }

                            bound(
                                    channel instanceof DatagramChannel ? IPPROTO_UDP : IPPROTO_TCP,
                                    ((InetSocketAddress) channel.localAddress()).getPort());
                            final ChannelFuture unused = channel.connect(destination, connected);
                        });
    }

    /** SO_MARK of the check's sockets; 0 for {@link Way#DIRECT}. */
    public int mark() {
        return way.isDirect() ? 0 : Ways.MARK;
    }

    /** The address of ours that the check's sockets must be bound to; null if to none. */
    public InetAddress source() {
        return resolution.source() == null ? null : resolution.source().inetAddress();
    }

    /** Where the check's packets go: the VIP in place of the backend, the port as it is. */
    public InetSocketAddress destination(final InetSocketAddress backend) {
        return way.isDirect()
                ? backend
                : new InetSocketAddress(way.vip().inetAddress(), backend.getPort());
    }

    /**
     * To be called between bind and the first packet.
     *
     * @param protocol of IP.
     * @param port that the socket is bound to, or the identifier of its echo requests.
     */
    public void bound(final int protocol, final int port) {
        if (!way.isDirect()) {
            sender = new Sender(resolution.source(), protocol, port);
            ways.senders().put(sender, this);
        }
    }

    /**
     * What a result says of the backend, given the way it was come by: of a failure the way and
     * what is known of it. And nothing at all if no packet took the way (this box knew the VIP
     * itself), or if this box drops what the backend may have answered.
     */
    public CheckResult judge(final CheckResult result) {
        if (way.isDirect() || result.outcome() == CheckResult.Outcome.NOT_TRIED) {
            return result;
        }
        if (result.outcome() == CheckResult.Outcome.PASSED && isUsed) {
            return result;
        }

        final Resolution now = ways.resolveAgain(way, wantedSource);
        final String obstacle = now.obstacle() != null ? now.obstacle() : now.filter();
        if (!isUsed || (obstacle != null && (now.isOurs() || now.filter() != null))) {
            return CheckResult.notTried(
                    way
                            + ": "
                            + result.reason()
                            + (isUsed ? "" : ", but not from there")
                            + (obstacle == null ? "" : "; " + obstacle),
                    result.durationNs());
        }

        final String known =
                obstacle != null
                        ? obstacle
                        : trouble != null ? trouble : ways.trouble(way.backend());
        return CheckResult.failed(
                way + ": " + result.reason() + (known == null ? "" : ": " + known),
                result.durationNs());
    }

    /** A packet of the attempt has come to the device; by its thread. */
    void used() {
        isUsed = true;
    }

    Way way() {
        return way;
    }

    Resolution resolution() {
        return resolution;
    }

    void trouble(final String text) {
        trouble = text;
    }

    /** Ends the lease; what the socket still sends by itself goes its way for a little while. */
    @Override
    public void close() {
        if (sender != null) {
            ways.senders().release(sender, this);
            sender = null;
        }
    }
}
