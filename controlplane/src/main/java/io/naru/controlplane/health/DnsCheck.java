package io.naru.controlplane.health;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.DatagramPacket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;

/**
 * Passes when a DNS query by UDP is answered with the return code that is wanted (RFC 1035).
 *
 * <p>An answer counts if it is one, has our identifier and repeats our question. What it says is
 * not looked at.
 */
@SuppressWarnings("FutureReturnValueIgnored") // without an answer the attempt fails anyway
final class DnsCheck implements HealthCheck {
    private static final int HEADER_BYTES = 12;
    private static final int RECURSION_DESIRED = 1 << 8;
    private static final int IS_RESPONSE = 1 << 15;
    private static final int CLASS_IN = 1;

    private final CheckSockets sockets;

    DnsCheck(final CheckSockets sockets) {
        this.sockets = sockets;
    }

    @Override
    public void attempt(final CheckTarget target, final Consumer<CheckResult> onResult) {
        final CheckSpec.Dns spec = (CheckSpec.Dns) target.spec();
        sockets.udp(target, onResult, attempt -> new Query(attempt, spec));
    }

    private static ByteBuf question(final CheckSpec.Dns spec) {
        final ByteBuf question = Unpooled.buffer();
        for (final String label : spec.query().split("\\.")) {
            if (!label.isEmpty()) {
                question.writeByte(label.length());
                question.writeCharSequence(label, StandardCharsets.US_ASCII);
            }
        }

        return question.writeByte(0)
                .writeShort(DnsTerms.RecordType.valueOf(spec.record()).number())
                .writeShort(CLASS_IN);
    }

    private static final class Query extends Exchange {
        private final CheckSpec.Dns spec;
        private final ByteBuf question;
        private final int id = ThreadLocalRandom.current().nextInt(1 << 16);

        Query(final CheckAttempt attempt, final CheckSpec.Dns spec) {
            super(attempt);
            this.spec = spec;
            question = question(spec);
        }

        @Override
        void onConnected(final Channel channel) {
            attempt.waitFor(() -> "no answer");
            channel.writeAndFlush(
                            Unpooled.buffer()
                                    .writeShort(id)
                                    .writeShort(RECURSION_DESIRED)
                                    .writeShort(1) // questions
                                    .writeShort(0)
                                    .writeShort(0)
                                    .writeShort(0)
                                    .writeBytes(question.duplicate()))
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
            try {
                if (!attempt.isOver()) {
                    onAnswer(packet.content());
                }
            } finally {
                packet.release();
            }
        }

        private void onAnswer(final ByteBuf answer) {
            if (answer.readableBytes() < HEADER_BYTES) {
                attempt.waitFor(() -> "no answer that is DNS");
                return;
            }
            final int flags = answer.getUnsignedShort(answer.readerIndex() + 2);
            if (answer.getUnsignedShort(answer.readerIndex()) != id
                    || (flags & IS_RESPONSE) == 0
                    || !repeatsQuestion(answer, flags & 0xf)) {
                attempt.waitFor(() -> "no answer to our question, but to another,");
                return;
            }

            final int rcode = flags & 0xf;
            final String word =
                    rcode < DnsTerms.RCODES.size() ? DnsTerms.RCODES.get(rcode) : "code " + rcode;
            final int records = answer.getUnsignedShort(answer.readerIndex() + 6);
            if (word.equals(spec.rcode())) {
                attempt.passed(
                        "%s with %d %s in %s"
                                .formatted(
                                        word,
                                        records,
                                        records == 1 ? "record" : "records",
                                        attempt.took()));
            } else {
                attempt.failed(
                        "%s after %s, expected %s".formatted(word, attempt.took(), spec.rcode()));
            }
        }

        private boolean repeatsQuestion(final ByteBuf answer, final int rcode) {
            final int questions = answer.getUnsignedShort(answer.readerIndex() + 4);
            if (questions == 0) {
                return rcode != 0; // who cannot read a question need not repeat it
            }

            final int length = question.readableBytes();
            if (answer.readableBytes() < HEADER_BYTES + length) {
                return false;
            }
            for (int i = 0; i < length; i++) { // case does not count: RFC 1035 §2.3.3
                final int theirs = answer.getByte(answer.readerIndex() + HEADER_BYTES + i);
                final int ours = question.getByte(i);
                if (Character.toLowerCase(theirs & 0xff) != Character.toLowerCase(ours & 0xff)) {
                    return false;
                }
            }

            return true;
        }
    }
}
