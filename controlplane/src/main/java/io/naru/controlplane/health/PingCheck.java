package io.naru.controlplane.health;

import io.naru.controlplane.health.way.EchoSocket;
import io.naru.controlplane.health.way.Lease;
import io.naru.controlplane.health.way.Ways;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.linux.LinuxException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Passes when an ICMP echo request is answered (RFC 792, RFC 4443 §4).
 *
 * <p>All attempts share a raw socket for each family and source, on which the kernel lets through
 * echo replies alone. An attempt knows its reply by the identifier and by eight random bytes.
 */
@SuppressWarnings("FutureReturnValueIgnored") // without a reply the attempt fails anyway
final class PingCheck implements HealthCheck, AutoCloseable {
    private static final int IPPROTO_ICMP = 1;
    private static final int IPPROTO_ICMPV6 = 58;
    private static final int ECHO_REQUEST = 8;
    private static final int ECHO_REPLY = 0;
    private static final int ECHO_REQUEST_6 = 128;
    private static final int ECHO_REPLY_6 = 129;
    private static final int ECHO_BYTES = 16; // 8 of header, 8 of nonce
    private static final int IDENTIFIERS = 1 << 16;

    private record Source(boolean isIpv4, int mark, InetAddress address) {}

    private final EventLoop eventLoop;
    private final Ways ways;
    private final Map<Source, Channel> sockets = new HashMap<>();
    private final Map<Integer, Echo> underWay = new HashMap<>(); // by identifier
    private int nextIdentifier = ThreadLocalRandom.current().nextInt(IDENTIFIERS);

    PingCheck(final EventLoop eventLoop, final Ways ways) {
        this.eventLoop = eventLoop;
        this.ways = ways;
    }

    @Override
    public void attempt(final CheckTarget target, final Consumer<CheckResult> onResult) {
        final InetAddress wanted = target.source();
        final Lease lease =
                ways.lease(
                        target.way(),
                        wanted == null ? null : IpAddress.parse(wanted.getHostAddress()));
        if (lease.obstacle() != null) {
            onResult.accept(lease.obstacle());
            return;
        }

        final InetSocketAddress destination = lease.destination(target.address());
        final boolean isIpv4 = !(destination.getAddress() instanceof Inet6Address);
        final Channel socket;
        try {
            socket = socket(new Source(isIpv4, lease.mark(), lease.source()));
        } catch (final LinuxException e) {
            lease.close();
            onResult.accept(CheckResult.notTried("could not try: " + e.getMessage(), 0));
            return;
        }

        final Echo echo = new Echo(target, lease, isIpv4, identifier(), onResult);
        underWay.put(echo.identifier, echo);
        lease.bound(isIpv4 ? IPPROTO_ICMP : IPPROTO_ICMPV6, echo.identifier);
        socket.writeAndFlush(
                        new DatagramPacket(
                                echo.request(), new InetSocketAddress(destination.getAddress(), 0)))
                .addListener(
                        sent -> {
                            if (!sent.isSuccess()) {
                                echo.onSendFailed(sent.cause());
                            }
                        });
    }

    private int identifier() {
        do {
            nextIdentifier = (nextIdentifier + 1) % IDENTIFIERS;
        } while (underWay.containsKey(nextIdentifier)); // far fewer are under way
        return nextIdentifier;
    }

    private Channel socket(final Source source) {
        final Channel known = sockets.get(source);
        if (known != null && known.isOpen()) {
            return known;
        }

        final int fd = EchoSocket.open(source.isIpv4(), source.mark(), source.address());
        final EpollDatagramChannel channel = new EpollDatagramChannel(fd);
        channel.pipeline().addLast(new Replies(source.isIpv4()));
        eventLoop.register(channel);
        sockets.put(source, channel);
        return channel;
    }

    @Override
    public void close() {
        sockets.values().forEach(Channel::close);
        sockets.clear();
    }

    private final class Replies extends ChannelInboundHandlerAdapter {
        private final boolean isIpv4;

        Replies(final boolean isIpv4) {
            this.isIpv4 = isIpv4;
        }

        @Override
        public void channelRead(final ChannelHandlerContext context, final Object message) {
            final DatagramPacket packet = (DatagramPacket) message;
            try {
                onPacket(packet.content());
            } finally {
                packet.release();
            }
        }

        private void onPacket(final ByteBuf packet) {
            if (isIpv4 && packet.isReadable()) { // raw(7): the IP header comes with it
                packet.skipBytes(
                        Math.min(
                                packet.readableBytes(),
                                (packet.getByte(packet.readerIndex()) & 0xf) * 4));
            }
            if (packet.readableBytes() < ECHO_BYTES
                    || packet.readUnsignedByte() != (isIpv4 ? ECHO_REPLY : ECHO_REPLY_6)) {
                return;
            }

            packet.skipBytes(3); // code, checksum: the kernel has looked at both
            final Echo echo = underWay.get(packet.readUnsignedShort());
            packet.skipBytes(2); // sequence
            if (echo != null && echo.isIpv4 == isIpv4 && echo.nonce == packet.readLong()) {
                echo.onReply();
            }
        }

        @Override
        public void exceptionCaught(final ChannelHandlerContext context, final Throwable cause) {
            // an error of some packet sent before: who waits for a reply to it will not get one
        }
    }

    private final class Echo {
        private final CheckTarget target;
        private final Lease lease;
        private final boolean isIpv4;
        private final int identifier;
        private final Consumer<CheckResult> onResult;
        private final long nonce = ThreadLocalRandom.current().nextLong();
        private final long startNs = System.nanoTime();
        private final ScheduledFuture<?> timeout;
        private boolean over;

        Echo(
                final CheckTarget target,
                final Lease lease,
                final boolean isIpv4,
                final int identifier,
                final Consumer<CheckResult> onResult) {
            this.target = target;
            this.lease = lease;
            this.isIpv4 = isIpv4;
            this.identifier = identifier;
            this.onResult = onResult;
            timeout = eventLoop.schedule(this::onTimeout, target.timeoutNs(), TimeUnit.NANOSECONDS);
        }

        ByteBuf request() {
            final ByteBuf request =
                    Unpooled.buffer(ECHO_BYTES)
                            .writeByte(isIpv4 ? ECHO_REQUEST : ECHO_REQUEST_6)
                            .writeByte(0)
                            .writeShort(0) // of ICMPv6 the kernel fills it in: RFC 3542 §3.1
                            .writeShort(identifier)
                            .writeShort(1)
                            .writeLong(nonce);
            if (isIpv4) {
                int sum = 0; // RFC 1071
                for (int i = 0; i < ECHO_BYTES; i += 2) {
                    sum += request.getUnsignedShort(i);
                }
                sum = (sum & 0xffff) + (sum >>> 16);
                request.setShort(2, ~(sum + (sum >>> 16)));
            }
            return request;
        }

        void onReply() {
            final long durationNs = System.nanoTime() - startNs;
            end(CheckResult.passed("echo in " + CheckTarget.words(durationNs), durationNs));
        }

        private void onTimeout() {
            end(
                    CheckResult.failed(
                            "no echo within " + CheckTarget.words(target.timeoutNs()),
                            System.nanoTime() - startNs));
        }

        void onSendFailed(final Throwable cause) {
            final String message = String.valueOf(cause.getMessage());
            final boolean isNoWay =
                    message.contains("unreachable") || message.contains("No route to host");
            final long durationNs = System.nanoTime() - startNs;
            end(
                    isNoWay
                            ? CheckResult.failed("cannot be sent: " + message, durationNs)
                            : CheckResult.notTried("could not try: " + message, durationNs));
        }

        private void end(final CheckResult result) {
            if (over) {
                return;
            }

            over = true;
            timeout.cancel(false);
            underWay.remove(identifier);
            lease.close();
            onResult.accept(lease.judge(result));
        }
    }
}
