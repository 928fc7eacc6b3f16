package io.naru.controlplane.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.controlplane.Await;
import io.naru.controlplane.HttpClient;
import io.naru.controlplane.HttpClient.Answer;
import io.naru.controlplane.Instance;
import io.naru.controlplane.ScriptedCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever is sent, the answer is a problem in words and the running state is untouched. */
class HostileHttpTest {
    private static final long REQUEST_TIMEOUT_MS = 500;

    @TempDir private Path directory;

    private Instance instance;
    private String before;

    @BeforeEach
    void setUp() throws Exception {
        instance = new Instance(directory, new ScriptedCheck()).start(REQUEST_TIMEOUT_MS);
        before = state();
    }

    @AfterEach
    void tearDown() throws Exception {
        assertEquals(before, state(), "the running state");
        instance.close();
    }

    @ParameterizedTest(name = "{0} {1} is {3}")
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "GET    | /                            | -           | 404 | there is no GET /",
                "GET    | /v1                          | -           | 404 | there is no GET /v1",
                "GET    | /v2/status                   | -           | 404 | there is no GET /v2/status",
                "GET    | /v1/statuses                 | -           | 404 | there is no GET /v1/statuses",
                "GET    | /v1/services/webb            | -           | 404 | there is no service 'webb'",
                "GET    | /v1/backends/web/s9          | -           | 404 | there is no backend 'web/s9'",
                "GET    | /v1/backends?pool=x          | -           | 404 | there is no pool 'x'",
                "GET    | /v1/status?verbose=1         | -           | 400 | unknown parameter 'verbose'",
                "GET    | /v1/events?limit=many        | -           | 400 | parameter 'limit' must be a whole number 0..10000, not 'many'",
                "GET    | /v1/events?limit=1&limit=2   | -           | 400 | parameter 'limit' is given twice",
                "GET    | /v1/events?limit=%zz         | -           | 400 | the URI is damaged",
                "GET    | /v1/flows?src=1.2.3          | -           | 400 | '1.2.3' is no address or network",
                "GET    | /v1/flows?src=1.2.3.0/33     | -           | 400 | '1.2.3.0/33' is no address or network",
                "GET    | /v1/flows?age=soon           | -           | 400 | 'soon' is no age",
                "GET    | /v1/flows?dst=1.2.3.4        | -           | 400 | unknown parameter 'dst'",
                "GET    | /v1/flows?limit=1001         | -           | 400 | parameter 'limit' must be a whole number 0..1000, not '1001'",
                "GET    | /v1/flows                    | -           | 503 | no data plane was started",
                "GET    | /v1/drops                    | -           | 503 | no data plane was started",
                "DELETE | /v1/status                   | -           | 405 | DELETE /v1/status is not possible",
                "PATCH  | /v1/backends/s1/weight       | {}          | 405 | PATCH /v1/backends/s1/weight is not possible",
                "POST   | /v1/backends/s1              | -           | 405 | POST /v1/backends/s1 is not possible",
                "POST   | /v1/backends/s9:drain        | -           | 404 | there is no backend 's9'",
                "POST   | /v1/backends/s1:undrain      | -           | 409 | web/s1 is not drained, its state is set to up",
                "PUT    | /v1/backends/s1/colour       | {}          | 404 | there is no PUT /v1/backends/s1/colour",
                "PUT    | /v1/backends/s1/algorithm    | {\"value\":\"rr\"} | 404 | there is no PUT",
                "PUT    | /v1/backends/s1/weight       | -           | 400 | the body is not a JSON object",
                "PUT    | /v1/backends/s1/weight       | weight: 5   | 400 | the body is not a JSON object: line 1, column 1: expected a value, not 'w'",
                "PUT    | /v1/backends/s1/weight       | {\"value\":[1]}    | 400 | the body must have a 'value'",
                "PUT    | /v1/backends/s1/weight       | {\"value\":-1}     | 422 | weight must be a whole number 0..65535, not '-1'",
                "PUT    | /v1/backends/s1/weight       | {\"value\":65536}  | 422 | weight must be a whole number 0..65535, not '65536'",
                "PUT    | /v1/backends/s1/state        | {\"value\":\"off\"} | 422 | state must be up, drain or down, not 'off'",
                "PUT    | /v1/services/web/algorithm   | {\"value\":\"best\"} | 422 | algorithm must be one of rr, wrr, lc, sh, maglev, wlc, sed, nq, sh-port, dh, p2c, lrt, lb, random, fo, ovf, not 'best'",
                "PUT    | /v1/backends/s1/weight       | {\"value\":5,\"why\":7} | 400 | 'why' must be a string",
                "POST   | /v1/config:apply?revision=9  | -           | 422 | body has errors",
                "POST   | /v1/config:rollback          | -           | 404 | there is no POST /v1/config:rollback",
            })
    void shouldRefuseInWords(
            final String method,
            final String path,
            final String body,
            final int status,
            final String detail)
            throws IOException {
        final Answer answer = instance.send(method, path, body == null ? "" : body);

        assertEquals(status, answer.status(), answer.toString());
        assertTrue(answer.body().string("detail").contains(detail), answer.body().string("detail"));
        assertEquals(status, answer.body().number("status", 0));
        assertTrue(answer.head().contains("content-type: application/problem+json"), answer.head());
    }

    @Test
    void shouldRefuseWhatIsNotHttp() throws IOException {
        final String answer = instance.client().raw("\u0016\u0003\u0001 hello\r\n\r\n");

        assertEquals(400, HttpClient.parse(answer).status(), answer);
    }

    @Test
    void shouldRefuseARequestLineWithoutAnEnd() throws IOException {
        final String answer =
                instance.client().raw("GET /" + "a".repeat(ApiServer.MAX_LINE_BYTES + 1));

        assertEquals(400, HttpClient.parse(answer).status(), answer);
    }

    @Test
    void shouldRefuseHeadersWithoutAnEnd() throws IOException {
        final StringBuilder request = new StringBuilder("GET /v1/status HTTP/1.1\r\n");
        while (request.length() <= 2 * ApiServer.MAX_HEADER_BYTES) {
            request.append("X-Nothing: ").append("b".repeat(100)).append("\r\n");
        }

        final String answer = instance.client().raw(request.toString());

        assertEquals(400, HttpClient.parse(answer).status(), answer);
    }

    @Test
    void shouldRefuseABodyThatIsAnnouncedTooLong() throws IOException {
        final String answer =
                instance.client()
                        .raw(
                                "POST /v1/config:apply HTTP/1.1\r\nHost: naru\r\nContent-Length: "
                                        + (ApiServer.MAX_BODY_BYTES + 1)
                                        + "\r\n\r\n");

        assertEquals(413, HttpClient.parse(answer).status(), answer);
    }

    @Test
    void shouldRefuseABodyThatGrowsTooLong() throws IOException {
        final StringBuilder request =
                new StringBuilder(
                        "POST /v1/config:apply HTTP/1.1\r\nHost: naru\r\nTransfer-Encoding:"
                                + " chunked\r\n\r\n");
        final String chunk = "10000\r\n" + "#".repeat(0x10000) + "\r\n";
        for (int i = 0; i <= ApiServer.MAX_BODY_BYTES / 0x10000; i++) {
            request.append(chunk);
        }

        final String answer = instance.client().raw(request.toString());

        assertTrue(
                answer.isEmpty() || HttpClient.parse(answer).status() == 413,
                "closed, with 413 unless the reset overtook it: " + answer);
    }

    @Test
    void shouldRefuseABodyThatIsNotUtf8() throws IOException {
        try (SocketChannel channel = instance.client().open()) {
            channel.write(
                    ByteBuffer.wrap(
                            "POST /v1/config:apply HTTP/1.1\r\nConnection: close\r\nContent-Length: 2\r\n\r\n\u00ff\u00fe"
                                    .getBytes(StandardCharsets.ISO_8859_1)));

            final Answer answer = HttpClient.parse(HttpClient.readAll(channel));

            assertEquals(400, answer.status());
            assertEquals("the body is not UTF-8", answer.body().string("detail"));
        }
    }

    @Test
    void shouldNotWaitForeverForTheRestOfARequest() throws IOException {
        final String answer = instance.client().raw("GET /v1/status HTTP/1.1\r\nHost: na");

        assertEquals(408, HttpClient.parse(answer).status(), answer);
    }

    @Test
    void shouldNotWaitForeverForTheRestOfABody() throws IOException {
        final String answer =
                instance.client()
                        .raw("POST /v1/config:apply HTTP/1.1\r\nContent-Length: 100\r\n\r\nser");

        assertEquals(408, HttpClient.parse(answer).status(), answer);
    }

    @Test
    void shouldRefuseMoreConnectionsThanItsLimitAndTakeThemAgainLater() throws IOException {
        final List<SocketChannel> open = new ArrayList<>();
        try {
            for (int i = 0; i < ApiServer.MAX_CONNECTIONS; i++) {
                open.add(instance.client().open());
            }

            try (SocketChannel oneMore = instance.client().open()) {
                final Answer answer = HttpClient.parse(HttpClient.readAll(oneMore));
                assertEquals(503, answer.status());
                assertEquals("64 connections are open already", answer.body().string("detail"));
            }
        } finally {
            for (final SocketChannel channel : open) {
                channel.close();
            }
        }
        Await.until(
                () -> {
                    try {
                        return instance.get("/v1/status").status() == 200;
                    } catch (final IOException e) {
                        throw new AssertionError(e);
                    }
                },
                () -> "an answer after the others closed");
    }

    @Test
    void shouldSurviveRandomBytes() throws IOException {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        final String alphabet = "GET POST /v1/status HTTP/1.1\r\n:;=&?%{}\"[]0123456789\u0000é";
        for (int i = 0; i < 300; i++) {
            final StringBuilder request = new StringBuilder(random.nextBoolean() ? "GET /v1/" : "");
            for (int n = random.nextInt(80); n > 0; n--) {
                request.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            try (SocketChannel channel = instance.client().open()) {
                channel.write(ByteBuffer.wrap(request.toString().getBytes(StandardCharsets.UTF_8)));
            } catch (final IOException closedEarly) {
                // as it should
            }
        }

        assertEquals(200, instance.get("/v1/status").status(), "seed " + seed);
    }

    @Test
    void shouldAnswerSeveralRequestsOnOneConnection() throws IOException {
        final String request = "GET /v1/overrides HTTP/1.1\r\nHost: naru\r\n\r\n";
        try (SocketChannel channel = instance.client().open()) {
            for (int i = 0; i < 3; i++) {
                channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.UTF_8)));
                final ByteBuffer answer = ByteBuffer.allocate(4_096);
                channel.read(answer);
                assertTrue(
                        new String(answer.array(), 0, answer.position(), StandardCharsets.UTF_8)
                                .startsWith("HTTP/1.1 200 OK\r\n"));
            }
        }
    }

    private String state() throws IOException {
        return instance.get("/v1/config").body() + " " + instance.get("/v1/overrides").body();
    }
}
