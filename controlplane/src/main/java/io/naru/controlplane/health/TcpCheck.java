package io.naru.controlplane.health;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * Passes when a TCP connection can be made and, if something is expected, when that is in the first
 * {@value #MAX_HEARD} bytes of what the backend says.
 */
@SuppressWarnings("FutureReturnValueIgnored") // a write that fails ends the channel
final class TcpCheck implements HealthCheck {
    static final int MAX_HEARD = 16_384;

    private final CheckSockets sockets;

    TcpCheck(final CheckSockets sockets) {
        this.sockets = sockets;
    }

    @Override
    public void attempt(final CheckTarget target, final Consumer<CheckResult> onResult) {
        final CheckSpec.Tcp spec = (CheckSpec.Tcp) target.spec();
        sockets.tcp(
                target,
                onResult,
                attempt -> spec.isExchange() ? new Dialogue(attempt, spec) : new Connect(attempt));
    }

    /** The connection alone; nothing is read from it. */
    private static final class Connect extends Exchange {
        Connect(final CheckAttempt attempt) {
            super(attempt);
        }

        @Override
        void addTo(final ChannelPipeline pipeline) {
            super.addTo(pipeline);
            pipeline.channel().config().setAutoRead(false);
        }

        @Override
        void onConnected(final Channel channel) {
            attempt.passed("connected in " + attempt.took());
        }
    }

    private static final class Dialogue extends Exchange {
        private final String send;
        private final Finding finding;
        private final Heard heard = new Heard(MAX_HEARD);

        Dialogue(final CheckAttempt attempt, final CheckSpec.Tcp spec) {
            super(attempt);
            send = Octets.parse(spec.send());
            finding = new Finding(Octets.parse(spec.expect()), spec.expectRegex());
        }

        @Override
        void onConnected(final Channel channel) {
            attempt.waitFor(() -> "connected, but " + found());
            if (!send.isEmpty()) {
                channel.writeAndFlush(
                        Unpooled.wrappedBuffer(send.getBytes(StandardCharsets.ISO_8859_1)));
            }
            if (!finding.wantsSomething()) {
                attempt.passed("connected and sent in " + attempt.took());
            }
        }

        @Override
        public void channelRead(final ChannelHandlerContext context, final Object message) {
            final ByteBuf buffer = (ByteBuf) message;
            try {
                heard.add(buffer);
            } finally {
                buffer.release();
            }
            if (attempt.isOver()) {
                return;
            }
            if (finding.isIn(heard.octets())) {
                attempt.passed("answered " + finding.words() + " in " + attempt.took());
            } else if (heard.isFull()) {
                attempt.failed(found() + " in the first " + MAX_HEARD + " bytes");
            }
        }

        @Override
        void onClosed() {
            attempt.failed("closed the connection after " + attempt.took() + ": " + found());
        }

        private String found() {
            return "no "
                    + finding.words()
                    + (heard.total() == 0
                            ? ", no byte at all"
                            : " but '" + Octets.shown(heard.octets()) + "'");
        }
    }
}
