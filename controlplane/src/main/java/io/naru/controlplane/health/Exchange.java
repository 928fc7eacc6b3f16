package io.naru.controlplane.health;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;

/** What is said and heard on the channel of one attempt; it ends the attempt. */
abstract class Exchange extends ChannelInboundHandlerAdapter {
    protected final CheckAttempt attempt;

    Exchange(final CheckAttempt attempt) {
        this.attempt = attempt;
    }

    /** Puts itself, and the codecs that it needs, into the channel's pipeline. */
    void addTo(final ChannelPipeline pipeline) {
        pipeline.addLast(this);
    }

    /** The channel is connected; nothing has been said. */
    abstract void onConnected(Channel channel);

    /** The backend closed the connection while the attempt went on. */
    void onClosed() {
        attempt.failed("closed the connection after " + attempt.took());
    }

    @Override
    public void channelInactive(final ChannelHandlerContext context) {
        if (!attempt.isOver() && attempt.isConnected()) {
            onClosed();
        }
    }

    @Override
    public void exceptionCaught(final ChannelHandlerContext context, final Throwable cause) {
        attempt.failed(cause);
    }
}
