package io.naru.controlplane.api;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObjectAggregator;

/** Collects a request with its body, and refuses one that is too long in words. */
final class BodyLimit extends HttpObjectAggregator {
    BodyLimit(final int maxBytes) {
        super(maxBytes, true);
    }

    @Override
    protected void handleOversizedMessage(
            final ChannelHandlerContext context, final HttpMessage oversized) {
        HttpAdapter.refuseAndClose(
                context,
                new ApiProblem(
                        413,
                        "too long",
                        "the body is longer than " + maxContentLength() + " bytes",
                        "a configuration of this size exceeds what the data plane takes"));
    }
}
