package io.naru.controlplane.health;

import io.naru.controlplane.health.way.Lease;
import io.naru.controlplane.health.way.Ways;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollSocketChannel;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Passes when a TCP connection can be made; nothing is sent on it.
 *
 * <p>The connection is reset, not closed: thousands of checks leave no socket in TIME_WAIT.
 */
@SuppressWarnings("FutureReturnValueIgnored") // closing: there is nobody who could be told
public final class TcpCheck implements HealthCheck {
    private final EventLoop eventLoop;
    private final Ways ways;
    private final Bootstrap bootstrap;

    /**
     * A check that runs on one event loop.
     *
     * @param eventLoop of netty's epoll transport.
     * @param ways to backends, of the same thread.
     */
    public TcpCheck(final EventLoop eventLoop, final Ways ways) {
        this.eventLoop = eventLoop;
        this.ways = ways;
        bootstrap =
                new Bootstrap()
                        .group(eventLoop)
                        .channel(EpollSocketChannel.class)
                        .option(ChannelOption.SO_LINGER, 0) // close() sends RST
                        .option(ChannelOption.AUTO_READ, false)
                        .handler(new Nothing());
    }

    @Override
    public void attempt(final CheckTarget target, final Consumer<CheckResult> onResult) {
        final Lease lease = ways.lease(target.way());
        if (lease.obstacle() != null) {
            onResult.accept(lease.obstacle());
            return;
        }

        final int timeoutMs = (int) Math.max(1, TimeUnit.NANOSECONDS.toMillis(target.timeoutNs()));
        final long startNs = System.nanoTime();
        final Bootstrap timed =
                bootstrap.clone().option(ChannelOption.CONNECT_TIMEOUT_MILLIS, timeoutMs);
        lease.connect(timed, target.address())
                .addListener(
                        (ChannelFuture connect) -> {
                            final long durationNs = System.nanoTime() - startNs;
                            // a channel that could not even be made has no event loop
                            eventLoop.execute(
                                    () ->
                                            onResult.accept(
                                                    lease.judge(end(connect, target, durationNs))));
                        });
    }

    private static CheckResult end(
            final ChannelFuture connect, final CheckTarget target, final long durationNs) {
        if (connect.channel().isRegistered()) {
            connect.channel().close();
        }

        return connect.isSuccess()
                ? CheckResult.passed("connected in " + CheckTarget.words(durationNs), durationNs)
                : result(connect.cause(), target, durationNs);
    }

    private static CheckResult result(
            final Throwable cause, final CheckTarget target, final long durationNs) {
        // netty's native errors say what connect(2) returned in their message alone
        final String message = String.valueOf(cause.getMessage());
        final String lower = message.toLowerCase(Locale.ROOT);
        if (cause instanceof ConnectTimeoutException || lower.contains("timed out")) {
            return CheckResult.failed(
                    "no answer within " + CheckTarget.words(target.timeoutNs()), durationNs);
        }
        if (lower.contains("connection refused")) {
            return CheckResult.failed(
                    "connect refused after " + CheckTarget.words(durationNs), durationNs);
        }
        if (cause instanceof NoRouteToHostException || lower.contains("no route to host")) {
            return CheckResult.failed("no route to host", durationNs);
        }
        if (lower.contains("network is unreachable")) {
            return CheckResult.failed("network is unreachable", durationNs);
        }
        if (cause instanceof BindException
                || lower.contains("too many open files")
                || lower.contains("cannot assign requested address")
                || !(cause instanceof ConnectException)) {
            return CheckResult.notTried("could not try: " + message, durationNs);
        }

        return CheckResult.failed("connect failed: " + message, durationNs);
    }

    /** Handles nothing; netty wants a handler. */
    @ChannelHandler.Sharable
    private static final class Nothing extends ChannelInboundHandlerAdapter {}
}
