package io.naru.controlplane.health;

import io.naru.controlplane.health.way.Lease;
import io.naru.controlplane.health.way.Ways;
import io.naru.dataplane.protocol.IpAddress;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import java.net.InetAddress;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Opens the sockets of attempts: by the way of the target, from its source address, each with its
 * own {@link Exchange}, and closed with the attempt.
 *
 * <p>TCP connections are reset, not closed: thousands of checks leave no socket in TIME_WAIT.
 */
final class CheckSockets {
    private final EventLoop eventLoop;
    private final Ways ways;
    private final Bootstrap tcp;
    private final Bootstrap udp;

    CheckSockets(final EventLoop eventLoop, final Ways ways) {
        this.eventLoop = eventLoop;
        this.ways = ways;
        tcp =
                new Bootstrap()
                        .group(eventLoop)
                        .channel(EpollSocketChannel.class)
                        .option(ChannelOption.SO_LINGER, 0) // close() sends RST
                        .option(ChannelOption.TCP_NODELAY, true)
                        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0); // the attempt has one
        udp = new Bootstrap().group(eventLoop).channel(EpollDatagramChannel.class);
    }

    /** An attempt over a TCP connection. */
    void tcp(
            final CheckTarget target,
            final Consumer<CheckResult> onResult,
            final Function<CheckAttempt, Exchange> exchange) {
        start(tcp, target, onResult, exchange);
    }

    /** An attempt over a UDP socket that hears of this backend alone. */
    void udp(
            final CheckTarget target,
            final Consumer<CheckResult> onResult,
            final Function<CheckAttempt, Exchange> exchange) {
        start(udp, target, onResult, exchange);
    }

    private void start(
            final Bootstrap bootstrap,
            final CheckTarget target,
            final Consumer<CheckResult> onResult,
            final Function<CheckAttempt, Exchange> exchangeOf) {
        final Lease lease = ways.lease(target.way(), address(target.source()));
        if (lease.obstacle() != null) {
            onResult.accept(lease.obstacle());
            return;
        }

        final CheckAttempt attempt =
                new CheckAttempt(eventLoop, target, result -> onResult.accept(lease.judge(result)));
        final Exchange exchange = exchangeOf.apply(attempt);
        final Bootstrap prepared =
                bootstrap
                        .clone()
                        .handler(
                                new ChannelInitializer<>() {
                                    @Override
                                    protected void initChannel(final Channel channel) {
                                        attempt.channel(channel);
                                        exchange.addTo(channel.pipeline());
                                    }
                                });
        lease.connect(prepared, target.address())
                .addListener(
                        (ChannelFuture connect) ->
                                // a channel that could not even be made has no event loop
                                eventLoop.execute(() -> connected(connect, attempt, exchange)));
    }

    private static void connected(
            final ChannelFuture connect, final CheckAttempt attempt, final Exchange exchange) {
        if (attempt.isOver()) {
            return;
        }
        if (!connect.isSuccess()) {
            attempt.failedToConnect(connect.cause());
            return;
        }

        try {
            exchange.onConnected(connect.channel());
        } catch (final RuntimeException e) {
            attempt.notTried("could not try: " + e);
        }
    }

    private static IpAddress address(final InetAddress source) {
        return source == null ? null : IpAddress.parse(source.getHostAddress());
    }
}
