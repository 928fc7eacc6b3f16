package io.naru.controlplane.health;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * One attempt over one channel: it ends once, at the latest at the target's timeout, and closes the
 * channel then. For the event loop's thread.
 */
@SuppressWarnings("FutureReturnValueIgnored") // closing: there is nobody who could be told
final class CheckAttempt {
    private final CheckTarget target;
    private final Consumer<CheckResult> onResult;
    private final long startNs = System.nanoTime();
    private final ScheduledFuture<?> timeout;
    private Supplier<String> missing = () -> "no answer";
    private Channel channel;
    private String warning;
    private boolean connected;
    private boolean over;

    CheckAttempt(
            final EventLoop eventLoop,
            final CheckTarget target,
            final Consumer<CheckResult> onResult) {
        this.target = target;
        this.onResult = onResult;
        timeout = eventLoop.schedule(this::onTimeout, target.timeoutNs(), TimeUnit.NANOSECONDS);
    }

    CheckTarget target() {
        return target;
    }

    void channel(final Channel newChannel) {
        channel = newChannel;
        if (over) {
            channel.close();
        }
    }

    boolean isOver() {
        return over;
    }

    boolean isConnected() {
        return connected;
    }

    /** What is waited for from now on: the words before {@code within 1 s} if it does not come. */
    void waitFor(final Supplier<String> what) {
        connected = true;
        missing = what;
    }

    /** {@code 0.3 ms}: since the start. */
    String took() {
        return CheckTarget.words(System.nanoTime() - startNs);
    }

    /** What people should know if it passes. */
    void warning(final String text) {
        warning = text;
    }

    void passed(final String reason) {
        end(CheckResult.passed(reason, System.nanoTime() - startNs).warning(warning));
    }

    void failed(final String reason) {
        end(CheckResult.failed(reason, System.nanoTime() - startNs));
    }

    void notTried(final String reason) {
        end(CheckResult.notTried(reason, System.nanoTime() - startNs));
    }

    private void onTimeout() {
        failed(missing.get() + " within " + CheckTarget.words(target.timeoutNs()));
    }

    private void end(final CheckResult result) {
        if (over) {
            return;
        }

        over = true;
        timeout.cancel(false);
        if (channel != null) {
            channel.close();
        }
        onResult.accept(result);
    }

    /** The channel could not be connected. */
    void failedToConnect(final Throwable cause) {
        // netty's native errors say what connect(2) returned in their message alone
        final String message = String.valueOf(cause.getMessage());
        final String lower = message.toLowerCase(Locale.ROOT);
        if (lower.contains("timed out")) {
            failed("no answer within " + took());
        } else if (lower.contains("connection refused")) {
            failed("connect refused after " + took());
        } else if (noWay(cause, lower) != null) {
            failed(noWay(cause, lower));
        } else if (cause instanceof BindException
                || lower.contains("too many open files")
                || lower.contains("cannot assign requested address")
                || !(cause instanceof ConnectException)) {
            notTried("could not try: " + message);
        } else {
            failed("connect failed: " + message);
        }
    }

    /** Something went wrong on a channel that was connected. */
    void failed(final Throwable cause) {
        final String message = String.valueOf(cause.getMessage());
        final String lower = message.toLowerCase(Locale.ROOT);
        if (lower.contains("connection refused")) {
            failed("port unreachable after " + took());
        } else if (noWay(cause, lower) != null) {
            failed(noWay(cause, lower));
        } else if (lower.contains("connection reset") || lower.contains("broken pipe")) {
            failed("reset the connection after " + took());
        } else {
            failed(Octets.shown(message) + " after " + took());
        }
    }

    /** What routing, a router or a firewall says, at once or later by ICMP; or null. */
    private static String noWay(final Throwable cause, final String message) {
        return message.contains("network is unreachable")
                ? "network is unreachable"
                : cause instanceof NoRouteToHostException || message.contains("no route to host")
                        ? "no route to host"
                        : null;
    }
}
