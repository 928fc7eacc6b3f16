package io.naru.controlplane.api;

import io.naru.controlplane.events.Actor;
import io.naru.controlplane.json.Json;
import io.naru.controlplane.json.JsonObject;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.PeerCredentials;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns HTTP requests of one connection into {@link ApiRequest}s, one at a time, and answers into
 * responses.
 */
@SuppressWarnings("FutureReturnValueIgnored") // a failed write closes the channel
final class HttpAdapter extends SimpleChannelInboundHandler<FullHttpRequest> {
    private static final Logger LOG = LoggerFactory.getLogger(HttpAdapter.class);

    private final ApiHandler handler;
    private final ConnectionLimit limit;
    private final long requestTimeoutMs;
    private Actor actor;
    private boolean entered;
    private boolean answering;
    private ScheduledFuture<?> timeout;

    HttpAdapter(
            final ApiHandler handler, final ConnectionLimit limit, final long requestTimeoutMs) {
        this.handler = handler;
        this.limit = limit;
        this.requestTimeoutMs = requestTimeoutMs;
    }

    @Override
    public void channelActive(final ChannelHandlerContext context) throws IOException {
        entered = limit.enter();
        if (!entered) {
            refuseAndClose(
                    context,
                    new ApiProblem(
                            503,
                            "busy",
                            limit.max() + " connections are open already",
                            "close some; a program that watches needs one only"));
            return;
        }

        final PeerCredentials peer =
                ((EpollDomainSocketChannel) context.channel()).peerCredentials();
        actor = Actor.of(peer.uid(), peer.pid());
        awaitRequest(context);
    }

    @Override
    public void channelInactive(final ChannelHandlerContext context) {
        if (entered) {
            entered = false;
            limit.leave();
        }
        if (timeout != null) {
            timeout.cancel(false);
        }
    }

    /** The whole request must come in time: bytes that trickle in do not extend it. */
    private void awaitRequest(final ChannelHandlerContext context) {
        timeout =
                context.executor()
                        .schedule(
                                () ->
                                        refuseAndClose(
                                                context,
                                                new ApiProblem(
                                                        408,
                                                        "too slow",
                                                        "no request within "
                                                                + requestTimeoutMs
                                                                + " ms",
                                                        null)),
                                requestTimeoutMs,
                                TimeUnit.MILLISECONDS);
    }

    @Override
    protected void channelRead0(
            final ChannelHandlerContext context, final FullHttpRequest request) {
        if (!entered) {
            return;
        }
        timeout.cancel(false);
        if (answering) {
            refuseAndClose(
                    context,
                    ApiProblem.badRequest(
                            "a request came before the last one was answered",
                            "wait for the answer: pipelining is not supported"));
            return;
        }
        if (request.decoderResult().isFailure()) {
            refuseAndClose(
                    context,
                    ApiProblem.badRequest(
                            "not an HTTP/1.1 request: "
                                    + request.decoderResult().cause().getMessage(),
                            null));
            return;
        }

        answering = true;
        final boolean keepAlive = HttpUtil.isKeepAlive(request);
        try {
            handler.handle(
                    parse(request),
                    (answer, problem) ->
                            respond(
                                    context,
                                    keepAlive,
                                    problem == null ? 200 : problem.status(),
                                    problem == null ? answer : problem.toJson()));
        } catch (final ApiProblem problem) {
            respond(context, keepAlive, problem.status(), problem.toJson());
        } catch (final RuntimeException | AssertionError e) {
            LOG.error("{} {} failed", request.method(), request.uri(), e);
            final ApiProblem problem =
                    new ApiProblem(
                            500,
                            "internal error",
                            "a bug in Naru's control plane: " + e,
                            "the running state is unchanged; please report it with the log");
            respond(context, keepAlive, problem.status(), problem.toJson());
        }
    }

    private ApiRequest parse(final FullHttpRequest request) {
        try {
            final QueryStringDecoder uri =
                    new QueryStringDecoder(request.uri(), StandardCharsets.UTF_8, true, 64);
            final Map<String, String> query = new LinkedHashMap<>();
            uri.parameters()
                    .forEach(
                            (name, values) -> {
                                if (values.size() > 1) {
                                    throw ApiProblem.badRequest(
                                            "parameter '" + name + "' is given twice", null);
                                }
                                query.put(name, values.get(0));
                            });

            return new ApiRequest(
                    request.method().name(),
                    segments(uri.rawPath()),
                    query,
                    StandardCharsets.UTF_8
                            .newDecoder() // reports what is not UTF-8
                            .decode(content(request))
                            .toString(),
                    actor);
        } catch (final IllegalArgumentException e) {
            throw ApiProblem.badRequest("the URI is damaged: " + e.getMessage(), null);
        } catch (final CharacterCodingException e) {
            throw ApiProblem.badRequest("the body is not UTF-8", null);
        }
    }

    private static ByteBuffer content(final FullHttpRequest request) {
        return request.content().nioBuffer();
    }

    /** Splits before it decodes, so that a name may contain an escaped slash. */
    private static List<String> segments(final String rawPath) {
        final List<String> segments = new ArrayList<>();
        for (final String segment : rawPath.split("/")) {
            if (!segment.isEmpty()) {
                segments.add(QueryStringDecoder.decodeComponent(segment.replace("+", "%2B")));
            }
        }

        return segments;
    }

    private void respond(
            final ChannelHandlerContext context,
            final boolean keepAlive,
            final int status,
            final JsonObject json) {
        answering = false;
        final ChannelFuture written = write(context, status, json, keepAlive);
        if (keepAlive) {
            awaitRequest(context);
        } else {
            written.addListener(ChannelFutureListener.CLOSE);
        }
    }

    static void refuseAndClose(final ChannelHandlerContext context, final ApiProblem problem) {
        write(context, problem.status(), problem.toJson(), false)
                .addListener(ChannelFutureListener.CLOSE);
    }

    private static ChannelFuture write(
            final ChannelHandlerContext context,
            final int status,
            final JsonObject json,
            final boolean keepAlive) {
        final FullHttpResponse response =
                new DefaultFullHttpResponse(
                        HttpVersion.HTTP_1_1,
                        HttpResponseStatus.valueOf(status),
                        Unpooled.copiedBuffer(Json.format(json) + "\n", StandardCharsets.UTF_8));
        response.headers()
                .set(
                        HttpHeaderNames.CONTENT_TYPE,
                        status < 400 ? "application/json" : "application/problem+json")
                .setInt(HttpHeaderNames.CONTENT_LENGTH, response.content().readableBytes())
                .set(HttpHeaderNames.CACHE_CONTROL, "no-store");
        HttpUtil.setKeepAlive(response, keepAlive);
        if (!keepAlive) {
            response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        }

        return context.writeAndFlush(response);
    }

    @Override
    public void exceptionCaught(final ChannelHandlerContext context, final Throwable cause) {
        LOG.debug("connection of {} ended: {}", actor, cause.toString());
        context.close();
    }
}
