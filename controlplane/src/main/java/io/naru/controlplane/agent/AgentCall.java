package io.naru.controlplane.agent;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.util.concurrent.ScheduledFuture;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/**
 * Asks an agent over TCP: connects, says what is to be said, and reads the first line, or what
 * there is when the agent closes. For the event loop's thread.
 */
@SuppressWarnings("FutureReturnValueIgnored") // a write that fails ends the channel; so does close
public final class AgentCall implements AgentMonitor.Call {
    /** An agent's line is shorter. */
    static final int MAX_LINE = 1_024;

    private final EventLoop eventLoop;
    private final Bootstrap bootstrap;

    /** Calls on an event loop of netty's epoll transport. */
    public AgentCall(final EventLoop eventLoop) {
        this.eventLoop = eventLoop;
        bootstrap =
                new Bootstrap()
                        .group(eventLoop)
                        .channel(EpollSocketChannel.class)
                        .option(ChannelOption.SO_LINGER, 0) // close() sends RST: no TIME_WAIT
                        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0); // the call has one
    }

    @Override
    public void ask(final AgentTarget target, final AgentMonitor.Answer answer) {
        final Conversation conversation = new Conversation(target, answer);
        bootstrap
                .clone()
                .handler(conversation)
                .connect(target.address())
                .addListener(
                        (ChannelFuture connect) ->
                                // a channel that could not even be made has no event loop
                                eventLoop.execute(() -> conversation.connected(connect)));
    }

    private final class Conversation extends ChannelInboundHandlerAdapter {
        private final AgentTarget target;
        private final AgentMonitor.Answer answer;
        private final StringBuilder heard = new StringBuilder();
        private final ScheduledFuture<?> timeout;
        private Channel channel;
        private boolean over;

        Conversation(final AgentTarget target, final AgentMonitor.Answer answer) {
            this.target = target;
            this.answer = answer;
            timeout = eventLoop.schedule(this::onTimeout, target.timeoutNs(), TimeUnit.NANOSECONDS);
        }

        private void connected(final ChannelFuture connect) {
            channel = connect.channel();
            if (over) {
                close();
            } else if (!connect.isSuccess()) {
                end(null, "cannot be asked: " + connect.cause().getMessage());
            } else if (!target.send().isEmpty()) {
                channel.writeAndFlush(Unpooled.copiedBuffer(target.send(), StandardCharsets.UTF_8));
            }
        }

        @Override
        public void channelRead(final ChannelHandlerContext context, final Object message) {
            final ByteBuf buffer = (ByteBuf) message;
            try {
                heard.append(buffer.toString(StandardCharsets.ISO_8859_1));
            } finally {
                buffer.release();
            }
            if (heard.indexOf("\n") >= 0) {
                end(heard.toString(), null);
            } else if (heard.length() > MAX_LINE) {
                end(null, "said more than " + MAX_LINE + " bytes without an end of line");
            }
        }

        @Override
        public void channelInactive(final ChannelHandlerContext context) {
            if (heard.isEmpty()) {
                end(null, "closed the connection and said nothing");
            } else {
                end(heard.toString(), null);
            }
        }

        @Override
        public void exceptionCaught(final ChannelHandlerContext context, final Throwable cause) {
            end(null, "ended the connection: " + cause.getMessage());
        }

        private void onTimeout() {
            end(null, "said nothing in time");
        }

        private void end(final String line, final String problem) {
            if (over) {
                return;
            }

            over = true;
            timeout.cancel(false);
            close();
            answer.onAnswer(line, problem);
        }

        private void close() {
            if (channel != null && channel.isRegistered()) {
                channel.close();
            }
        }
    }
}
