package io.naru.controlplane.health;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.cert.Certificate;
import java.security.cert.CertificateExpiredException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;

/**
 * Passes when an HTTP/1.1 request is answered with a status that is wanted and, if something is
 * expected of the body, when that is in its first bytes.
 *
 * <p>Redirects are not followed: a status such as 301 is an answer like any other. Without an
 * expectation the body is not read.
 */
@SuppressWarnings("FutureReturnValueIgnored") // a write that fails ends the channel
final class HttpCheck implements HealthCheck {
    private static final int MAX_LINE = 4_096;
    private static final int MAX_HEADERS = 16_384;
    private static final int MAX_CHUNK = 8_192;

    private final CheckSockets sockets;
    private final TlsContexts contexts = new TlsContexts();

    HttpCheck(final CheckSockets sockets) {
        this.sockets = sockets;
    }

    @Override
    public void attempt(final CheckTarget target, final Consumer<CheckResult> onResult) {
        final CheckSpec.Http spec = (CheckSpec.Http) target.spec();
        final SslContext tls;
        try {
            tls = spec.tls() ? contexts.of(spec) : null;
        } catch (final IOException e) {
            onResult.accept(CheckResult.notTried("could not try: " + e.getMessage(), 0));
            return;
        }

        sockets.tcp(target, onResult, attempt -> new Request(attempt, spec, tls));
    }

    private static final class Request extends Exchange {
        private final CheckSpec.Http spec;
        private final SslContext tls;
        private final StatusSet wanted;
        private final Finding finding;
        private final Heard body;
        private String status; // of the response, once it is there: HTTP 200
        private SslHandler sslHandler;

        Request(final CheckAttempt attempt, final CheckSpec.Http spec, final SslContext tls) {
            super(attempt);
            this.spec = spec;
            this.tls = tls;
            wanted = StatusSet.parse(spec.status());
            final String expect =
                    new String(
                            spec.body().getBytes(StandardCharsets.UTF_8),
                            StandardCharsets.ISO_8859_1);
            finding = new Finding(expect, spec.bodyRegex());
            body = new Heard(spec.maxBody());
        }

        @Override
        void addTo(final ChannelPipeline pipeline) {
            if (tls != null) {
                final String name = !spec.sni().isEmpty() ? spec.sni() : spec.host();
                final InetSocketAddress address = attempt.target().address();
                sslHandler =
                        tls.newHandler(
                                pipeline.channel().alloc(),
                                name.isEmpty() ? address.getAddress().getHostAddress() : name,
                                address.getPort());
                sslHandler.setHandshakeTimeoutMillis(0); // the attempt has one
                sslHandler.setCloseNotifyFlushTimeoutMillis(0);
                pipeline.addLast(sslHandler);
            }
            pipeline.addLast(new HttpClientCodec(MAX_LINE, MAX_HEADERS, MAX_CHUNK, true));
            super.addTo(pipeline);
        }

        @Override
        void onConnected(final Channel channel) {
            attempt.waitFor(
                    () ->
                            tls == null
                                    ? "connected, but no answer to the request"
                                    : "connected, but no TLS handshake");
            if (tls == null) {
                ask(channel);
            }
        }

        @Override
        public void userEventTriggered(final ChannelHandlerContext context, final Object event) {
            if (event instanceof SslHandshakeCompletionEvent handshake
                    && handshake.isSuccess()
                    && !attempt.isOver()) {
                attempt.waitFor(() -> "TLS is up, but no answer to the request");
                attempt.warning(expiry());
                ask(context.channel());
            }
        }

        private String expiry() {
            try {
                final Certificate[] chain = sslHandler.engine().getSession().getPeerCertificates();
                if (spec.warnExpiry().isZero()
                        || chain.length == 0
                        || !(chain[0] instanceof X509Certificate certificate)) {
                    return null;
                }

                final Instant end = certificate.getNotAfter().toInstant();
                final Duration left = Duration.between(Instant.now(), end);
                return left.compareTo(spec.warnExpiry()) > 0
                        ? null
                        : "certificate "
                                + (left.isNegative() ? "ended" : "ends")
                                + " on "
                                + end.atZone(ZoneOffset.UTC).toLocalDate()
                                + (left.isNegative() ? "" : ", in " + left.toDays() + " days");
            } catch (final SSLException e) {
                return null; // a suite without certificates
            }
        }

        private void ask(final Channel channel) {
            final HttpRequest request =
                    new DefaultFullHttpRequest(
                            HttpVersion.HTTP_1_1,
                            HttpMethod.valueOf(spec.method()),
                            spec.url(),
                            Unpooled.EMPTY_BUFFER);
            request.headers()
                    .set(HttpHeaderNames.HOST, host())
                    .set(HttpHeaderNames.USER_AGENT, "naru-check")
                    .set(HttpHeaderNames.CONNECTION, "close");
            for (final String header : spec.headers()) {
                final int colon = header.indexOf(':');
                request.headers()
                        .set(header.substring(0, colon), header.substring(colon + 1).strip());
            }
            channel.writeAndFlush(request);
        }

        private String host() {
            if (!spec.host().isEmpty()) {
                return spec.host();
            }

            final InetSocketAddress address = attempt.target().address();
            final String text = address.getAddress().getHostAddress();
            return (text.contains(":") ? "[" + text + "]" : text)
                    + (address.getPort() == (spec.tls() ? 443 : 80) ? "" : ":" + address.getPort());
        }

        @Override
        public void channelRead(final ChannelHandlerContext context, final Object message) {
            try {
                if (!attempt.isOver()) {
                    onObject((HttpObject) message);
                }
            } finally {
                ReferenceCountUtil.release(message);
            }
        }

        private void onObject(final HttpObject object) {
            if (object.decoderResult().isFailure()) {
                attempt.failed(
                        "the answer is not HTTP: "
                                + Octets.shown(
                                        String.valueOf(object.decoderResult().cause().getMessage()))
                                + ", after "
                                + attempt.took());
                return;
            }
            if (object instanceof HttpResponse response) {
                onResponse(response);
            }
            if (object instanceof HttpContent content && !attempt.isOver() && status != null) {
                onContent(content);
            }
        }

        private void onResponse(final HttpResponse response) {
            final int code = response.status().code();
            if (code < 200 && code != 101) {
                return; // the answer comes after it: RFC 9110 §15.2
            }

            status = "HTTP " + code;
            if (!wanted.contains(code)) {
                attempt.failed(status + " after " + attempt.took() + ", expected " + wanted);
            } else if (!spec.wantsBody()) {
                attempt.passed(status + " in " + attempt.took());
            } else {
                attempt.waitFor(() -> status + ", but the body did not end");
            }
        }

        private void onContent(final HttpContent content) {
            body.add(content.content());
            if (body.isFull() || content instanceof LastHttpContent) {
                if (finding.isIn(body.octets())) {
                    attempt.passed(status + " in " + attempt.took());
                } else {
                    attempt.failed(
                            status
                                    + ", but no "
                                    + finding.words()
                                    + " in the "
                                    + (body.isFull() ? "first " : "")
                                    + body.octets().length()
                                    + " bytes of its body: '"
                                    + Octets.shown(body.octets())
                                    + "'");
                }
            }
        }

        @Override
        void onClosed() {
            attempt.failed(
                    "closed the connection after "
                            + attempt.took()
                            + (status == null ? " without an answer" : " within the body"));
        }

        @Override
        public void exceptionCaught(final ChannelHandlerContext context, final Throwable cause) {
            Throwable root = cause;
            while (root.getCause() != null && root.getCause() != root) {
                root = root.getCause();
            }
            if (root instanceof NotSslRecordException) {
                attempt.failed("the answer is not TLS, after " + attempt.took());
            } else if (cause.getCause() instanceof SSLException || cause instanceof SSLException) {
                attempt.failed(
                        "TLS: "
                                + (root instanceof CertificateExpiredException
                                        ? "the certificate ended, "
                                        : "")
                                + Octets.shown(String.valueOf(root.getMessage()))
                                + ", after "
                                + attempt.took());
            } else {
                attempt.failed(cause);
            }
        }
    }
}
