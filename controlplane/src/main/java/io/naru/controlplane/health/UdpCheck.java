package io.naru.controlplane.health;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.DatagramPacket;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * Passes when a datagram is answered with one that has in it what is expected; answers without it
 * are passed over until the timeout.
 */
@SuppressWarnings("FutureReturnValueIgnored") // without an answer the attempt fails anyway
final class UdpCheck implements HealthCheck {
    private static final int MAX_HEARD = 16_384;

    private final CheckSockets sockets;

    UdpCheck(final CheckSockets sockets) {
        this.sockets = sockets;
    }

    @Override
    public void attempt(final CheckTarget target, final Consumer<CheckResult> onResult) {
        final CheckSpec.Udp spec = (CheckSpec.Udp) target.spec();
        sockets.udp(target, onResult, attempt -> new Datagrams(attempt, spec));
    }

    private static final class Datagrams extends Exchange {
        private final String send;
        private final Finding finding;
        private String last;

        Datagrams(final CheckAttempt attempt, final CheckSpec.Udp spec) {
            super(attempt);
            send = Octets.parse(spec.send());
            finding = new Finding(Octets.parse(spec.expect()), spec.expectRegex());
        }

        @Override
        void onConnected(final Channel channel) {
            attempt.waitFor(
                    () ->
                            last == null
                                    ? "no answer"
                                    : "no "
                                            + finding.words()
                                            + " but '"
                                            + Octets.shown(last)
                                            + "'");
            channel.writeAndFlush(
                            Unpooled.wrappedBuffer(send.getBytes(StandardCharsets.ISO_8859_1)))
                    .addListener(
                            sent -> {
                                if (!sent.isSuccess()) {
                                    attempt.failed(sent.cause());
                                }
                            });
        }

        @Override
        public void channelRead(final ChannelHandlerContext context, final Object message) {
            final DatagramPacket packet = (DatagramPacket) message;
            final Heard heard = new Heard(MAX_HEARD);
            try {
                heard.add(packet.content());
            } finally {
                packet.release();
            }

            last = heard.octets();
            if (!attempt.isOver() && finding.isIn(last)) {
                attempt.passed(
                        "answered "
                                + (finding.wantsSomething()
                                        ? finding.words()
                                        : heard.total() + " bytes")
                                + " in "
                                + attempt.took());
            }
        }
    }
}
