package io.naru.controlplane.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.naru.controlplane.Await;
import io.naru.controlplane.health.CheckResult.Outcome;
import io.netty.channel.unix.Errors;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every kind of check against servers that answer well, wrongly, late, not at all, or nonsense. */
class CheckKindsTest {
    private static final long LONG_MS = 10_000;
    private static final long SHORT_MS = 200;

    private final CheckRig rig = new CheckRig();

    @AfterEach
    void stop() throws IOException {
        rig.close();
    }

    // -- tcp exchange -----------------------------------------------------------------------------

    @Test
    void shouldPassWhenTheAnswerHasWhatIsExpected() throws Exception {
        final int port =
                rig.serve(
                        (in, out, socket) -> {
                            in.readNBytes(6);
                            out.write("+PO".getBytes(StandardCharsets.US_ASCII));
                            out.flush();
                            out.write("NG\r\n".getBytes(StandardCharsets.US_ASCII));
                            in.read();
                        });

        passes("answered '\\+PONG\\\\r\\\\n' in .*", tcp("PING\\r\\n", "+PONG\\r\\n", ""), port);
        passes("answered /\\^\\\\\\+P\\.NG/ in .*", tcp("PING\\x0d\\n", "", "^\\+P.NG"), port);
    }

    @Test
    void shouldSayWhatWasHeardInPlaceOfWhatIsExpected() throws Exception {
        final int port =
                rig.serve(
                        (in, out, socket) ->
                                out.write("-ERR no\r\n".getBytes(StandardCharsets.US_ASCII)));

        fails(
                "closed the connection after [\\d.]+ m?s: no '\\+PONG' but '-ERR no\\\\r\\\\n'",
                tcp("", "+PONG", ""),
                port,
                LONG_MS);
    }

    @Test
    void shouldFailWhenTheBackendAcceptsAndSaysNothing() throws Exception {
        final ServerSocket silent = rig.listen();

        fails(
                "connected, but no '220', no byte at all within 200 ms",
                tcp("", "220", ""),
                silent.getLocalPort(),
                SHORT_MS);
    }

    @Test
    void shouldNotReadFromABackendWithoutEnd() throws Exception {
        final int port = rig.serve((in, out, socket) -> writeForever(out));

        fails("no 'never' but 'x+…' in the first 16384 bytes", tcp("", "never", ""), port, LONG_MS);
    }

    @Test
    void shouldGiveUpAnExpressionThatTakesTooLong() throws Exception {
        final int port =
                rig.serve(
                        (in, out, socket) -> {
                            out.write("a".repeat(16_000).getBytes(StandardCharsets.US_ASCII));
                            out.flush();
                            in.read();
                        });

        fails(
                "the expression takes too long over the answer after .*",
                tcp("", "", "(a+)+b"),
                port,
                LONG_MS);
        fails(
                "the expression takes too long over the answer after .*",
                tcp("", "", "^(.|\n)*c"),
                port,
                LONG_MS);
    }

    @Test
    void shouldSayThatTheConnectionIsRefused() throws Exception {
        final ServerSocket gone = rig.listen();
        gone.close();

        fails("connect refused after .*", tcp("", "220", ""), gone.getLocalPort(), LONG_MS);
        fails("connect refused after .*", http(), gone.getLocalPort(), LONG_MS);
    }

    // -- udp and dns ------------------------------------------------------------------------------

    @Test
    void shouldPassWhenADatagramIsAnsweredAsExpected() throws Exception {
        try (DatagramSocket server = udp(question -> question + "!")) {
            passes("answered 'hi!' in .*", new CheckSpec.Udp("hi", "hi!", ""), port(server));
            passes("answered 3 bytes in .*", new CheckSpec.Udp("hi", "", ""), port(server));
            fails(
                    "no 'ho' but 'hi!' within 200 ms",
                    new CheckSpec.Udp("hi", "ho", ""),
                    port(server),
                    SHORT_MS);
        }
    }

    @Test
    void shouldSayThatAUdpPortIsUnreachable() throws Exception {
        final int port;
        try (DatagramSocket gone = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            port = gone.getLocalPort();
        }

        fails("port unreachable after .*", new CheckSpec.Udp("hi", "", ""), port, LONG_MS);
        fails("port unreachable after .*", dns("NOERROR"), port, LONG_MS);
    }

    /** As netty says it: at once without a word, after an ICMP error of a firewall in words. */
    @Test
    void shouldSayThatNoRouteLeadsToTheBackend() {
        final List<CheckResult> results = new ArrayList<>();
        final CheckTarget target = rig.target(new CheckSpec.Udp("hi", "", ""), 9, LONG_MS);

        new CheckAttempt(rig.eventLoop(), target, results::add)
                .failedToConnect(new NoRouteToHostException());
        new CheckAttempt(rig.eventLoop(), target, results::add)
                .failed(new Errors.NativeIoException("recvAddress", -113));
        new CheckAttempt(rig.eventLoop(), target, results::add)
                .failed(new Errors.NativeIoException("recvAddress", -101));

        assertEquals(
                List.of("no route to host", "no route to host", "network is unreachable"),
                results.stream().map(CheckResult::reason).toList());
        assertTrue(results.stream().allMatch(each -> each.outcome() == Outcome.FAILED));
    }

    @Test
    void shouldFailWhenNobodyAnswersADatagram() throws Exception {
        try (DatagramSocket silent = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            fails(
                    "no answer within 200 ms",
                    new CheckSpec.Udp("hi", "", ""),
                    port(silent),
                    SHORT_MS);
        }
    }

    @Test
    void shouldJudgeADnsAnswerByItsReturnCode() throws Exception {
        try (DatagramSocket noError = udp(query -> reply(query, 0x80, 0));
                DatagramSocket refused = udp(query -> reply(query, 0x80, 5))) {
            passes("NOERROR with 0 records in .*", dns("NOERROR"), port(noError));
            passes("REFUSED with 0 records in .*", dns("REFUSED"), port(refused));
            fails("REFUSED after .*, expected NOERROR", dns("NOERROR"), port(refused), LONG_MS);
        }
    }

    @Test
    void shouldNotTakeNonsenseForADnsAnswer() throws Exception {
        try (DatagramSocket echo = udp(query -> query);
                DatagramSocket garbage = udp(query -> "garbage that is long enough for a header");
                DatagramSocket tiny = udp(query -> "x");
                DatagramSocket other = udp(query -> reply(query.replace("com", "org"), 0x80, 0))) {
            final String another = "no answer to our question, but to another, within 200 ms";
            fails(another, dns("NOERROR"), port(echo), SHORT_MS);
            fails(another, dns("NOERROR"), port(garbage), SHORT_MS);
            fails(another, dns("NOERROR"), port(other), SHORT_MS);
            fails("no answer that is DNS within 200 ms", dns("NOERROR"), port(tiny), SHORT_MS);
        }
    }

    // -- http -------------------------------------------------------------------------------------

    @Test
    void shouldPassWithAStatusThatIsWanted() throws Exception {
        final int port = rig.serveHttp("HTTP/1.1 204 No Content\r\n\r\n");

        passes("HTTP 204 in .*", http(), port);
    }

    @Test
    void shouldSayWhichStatusCameAndWhichIsExpected() throws Exception {
        final int port =
                rig.serveHttp("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");

        fails("HTTP 503 after [\\d.]+ m?s, expected 200-299", http(), port, LONG_MS);
        passes("HTTP 503 in .*", http("/", "", "", "200-299,503"), port);
    }

    @Test
    void shouldAskForWhatTheConfigurationSays() throws Exception {
        final StringBuilder head = new StringBuilder();
        final int port =
                rig.serve(
                        (in, out, socket) -> {
                            head.append(CheckRig.readHead(in));
                            out.write(
                                    "HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                        });

        passes(
                "HTTP 200 in .*",
                new CheckSpec.Http(
                        false,
                        "HEAD",
                        "/health?x=1",
                        "www.example.com",
                        List.of("X-Check: yes", "User-Agent: other"),
                        "200",
                        "",
                        "",
                        1_024,
                        "",
                        false,
                        "",
                        Duration.ZERO),
                port);

        assertTrue(head.toString().startsWith("HEAD /health?x=1 HTTP/1.1\r\n"), head.toString());
        assertTrue(head.toString().contains("host: www.example.com\r\n"), head.toString());
        assertTrue(head.toString().contains("X-Check: yes\r\n"), head.toString());
        assertTrue(head.toString().contains("User-Agent: other\r\n"), head.toString());
    }

    @Test
    void shouldLookForATextAndByAnExpressionInTheBody() throws Exception {
        final int port =
                rig.serveHttp(
                        """
                        HTTP/1.1 200 OK
                        Transfer-Encoding: chunked

                        5
                        statu
                        5
                        s: ok
                        0

                        """
                                .replace("\n", "\r\n"));

        passes("HTTP 200 in .*", http("/", "status: ok", "", "200"), port);
        passes("HTTP 200 in .*", http("/", "", "^status: \\w+$", "200"), port);
        passes("HTTP 200 in .*", http("/", "", "^(?s)(?!.*bad)", "200"), port);
        fails(
                "HTTP 200, but no .* in the 10 bytes .*",
                http("/", "", "^(?s)(?!.*tus)", "200"),
                port,
                LONG_MS);
        fails(
                "HTTP 200, but no 'bad' in the 10 bytes of its body: 'status: ok'",
                http("/", "bad", "", "200"),
                port,
                LONG_MS);
    }

    @Test
    void shouldLookAtNoMoreOfABodyThanAllowed() throws Exception {
        final int port =
                rig.serve(
                        (in, out, socket) -> {
                            CheckRig.readHead(in);
                            out.write(
                                    "HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                            writeForever(out);
                        });

        fails(
                "HTTP 200, but no 'never' in the first 1024 bytes of its body: 'x+…'",
                http("/", "never", "", "200"),
                port,
                LONG_MS);
    }

    @Test
    void shouldFailWhenABodyDripsWithoutEnd() throws Exception {
        final int port =
                rig.serve(
                        (in, out, socket) -> {
                            CheckRig.readHead(in);
                            out.write(
                                    "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx"
                                            .getBytes(StandardCharsets.US_ASCII));
                            out.flush();
                            in.read();
                        });

        fails(
                "HTTP 200, but the body did not end within 200 ms",
                http("/", "never", "", "200"),
                port,
                SHORT_MS);
    }

    @Test
    void shouldSayThatAnAnswerIsNotHttp() throws Exception {
        final int garbage = rig.serveHttp("SSH-2.0-OpenSSH_9.6\r\n\r\n");
        final int endless = rig.serve((in, out, socket) -> writeForever(out));

        fails("the answer is not HTTP: .*", http(), garbage, LONG_MS);
        fails("the answer is not HTTP: .*", http(), endless, LONG_MS);
    }

    @Test
    void shouldSayThatTheConnectionWasClosedWithoutAnAnswer() throws Exception {
        final int port = rig.serve((in, out, socket) -> CheckRig.readHead(in));

        fails("closed the connection after .* without an answer", http(), port, LONG_MS);
    }

    @Test
    void shouldFailWhenNoAnswerToTheRequestComes() throws Exception {
        final ServerSocket silent = rig.listen();

        fails(
                "connected, but no answer to the request within 200 ms",
                http(),
                silent.getLocalPort(),
                SHORT_MS);
        fails(
                "connected, but no TLS handshake within 200 ms",
                https("", false),
                silent.getLocalPort(),
                SHORT_MS);
    }

    @Test
    void shouldSayThatAnAnswerIsNotTls() throws Exception {
        final int port = rig.serveHttp("HTTP/1.1 200 OK\r\n\r\n");
        final int plain =
                rig.serve(
                        (in, out, socket) -> {
                            out.write("220 hello\r\n".getBytes(StandardCharsets.US_ASCII));
                            out.flush();
                            in.read();
                        });

        fails("the answer is not TLS, after .*", https("", false), plain, LONG_MS);
        // it waits for the end of a head that never comes
        fails("connected, but no TLS handshake within 200 ms", https("", false), port, SHORT_MS);
    }

    @Test
    void shouldPassByTlsAndWarnOfACertificateThatEnds(@TempDir final Path directory)
            throws Exception {
        final int port = serveTls(directory);

        final CheckResult result = rig.attempt(https("", false), port, LONG_MS);

        assertEquals(Outcome.PASSED, result.outcome(), result.reason());
        assertTrue(
                result.warning().matches("certificate ends on \\d{4}-\\d\\d-\\d\\d, in [45] days"),
                result.warning());
    }

    @Test
    void shouldVerifyACertificateWhereThatIsWanted(@TempDir final Path directory) throws Exception {
        final int port = serveTls(directory);

        fails("TLS: .*certif.*, after .*", https("backend.example", true), port, LONG_MS);
    }

    @Test
    void shouldTrustTheAuthoritiesOfAFileAsItIsNow(@TempDir final Path directory) throws Exception {
        final int port = serveTls(directory);
        final Path file = directory.resolve("ca.pem");

        final CheckResult without =
                rig.attempt(https("backend.example", true, file.toString()), port, LONG_MS);
        assertEquals(Outcome.NOT_TRIED, without.outcome());
        assertEquals("could not try: there is no ca-file " + file, without.reason());

        exportCertificate(directory, file);
        passes("HTTP 200 in .*", https("backend.example", true, file.toString()), port);
        fails("TLS: .*, after .*", https("other.example", true, file.toString()), port, LONG_MS);

        Files.writeString(file, "not a certificate");
        Files.setLastModifiedTime(file, FileTime.fromMillis(1));
        final CheckResult broken =
                rig.attempt(https("backend.example", true, file.toString()), port, LONG_MS);
        assertEquals(Outcome.NOT_TRIED, broken.outcome());
        assertTrue(
                broken.reason().startsWith("could not try: the ca-file " + file + " cannot be"),
                broken.reason());
    }

    private static void exportCertificate(final Path directory, final Path file) throws Exception {
        final KeyStore keys =
                KeyStore.getInstance(directory.resolve("keys").toFile(), "secret".toCharArray());
        final byte[] certificate = keys.getCertificate("mykey").getEncoded();
        final Base64.Encoder lines = Base64.getMimeEncoder(64, new byte[] {'\n'});
        Files.writeString(
                file,
                "-----BEGIN CERTIFICATE-----\n"
                        + lines.encodeToString(certificate)
                        + "\n-----END CERTIFICATE-----\n");
    }

    /** HTTP 200 behind a certificate of its own that ends in five days. */
    private int serveTls(final Path directory) throws Exception {
        final Path file = directory.resolve("keys");
        final Process keytool =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "keytool")
                                        .toString(),
                                "-genkeypair",
                                "-keyalg",
                                "EC",
                                "-validity",
                                "5",
                                "-dname",
                                "CN=backend.example",
                                "-storetype",
                                "PKCS12",
                                "-storepass",
                                "secret",
                                "-keystore",
                                file.toString())
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start();
        assertEquals(0, keytool.waitFor());
        final KeyStore keys = KeyStore.getInstance(file.toFile(), "secret".toCharArray());
        final KeyManagerFactory managers =
                KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, "secret".toCharArray());
        final SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        return rig.serve(
                (in, out, socket) -> {
                    final SSLSocket tls =
                            (SSLSocket)
                                    context.getSocketFactory()
                                            .createSocket(socket, null, socket.getPort(), true);
                    tls.setUseClientMode(false);
                    CheckRig.readHead(tls.getInputStream());
                    tls.getOutputStream()
                            .write("HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                    tls.getOutputStream().flush();
                    tls.getInputStream().read();
                });
    }

    @Test
    void shouldMakeThousandsOfChecksAtOnce() throws Exception {
        final int count = 4_000;
        final int port = rig.listen(8_192).getLocalPort();
        final CountDownLatch ended = new CountDownLatch(count);
        final Map<Outcome, Integer> outcomes = new ConcurrentHashMap<>();

        rig.eventLoop()
                .execute(
                        () -> {
                            for (int i = 0; i < count; i++) {
                                rig.checks()
                                        .attempt(
                                                rig.target(http(), port, 3_000),
                                                result -> {
                                                    outcomes.merge(
                                                            result.outcome(), 1, Integer::sum);
                                                    ended.countDown();
                                                });
                            }
                        });

        // the backend accepts and says nothing: each ends by its own timeout
        assertTrue(ended.await(60, TimeUnit.SECONDS), () -> outcomes.toString());
        assertEquals(count, outcomes.values().stream().mapToInt(Integer::intValue).sum());
        assertTrue(outcomes.getOrDefault(Outcome.FAILED, 0) > count / 2, () -> outcomes.toString());
    }

    // -- ping -------------------------------------------------------------------------------------

    @Test
    void shouldPassWhenAnEchoComesBack() throws Exception {
        for (final InetAddress each :
                List.of(
                        InetAddress.getByAddress(new byte[] {127, 0, 0, 1}),
                        InetAddress.getByAddress(new byte[] {127, 0, 0, 9}),
                        address("::1"))) {
            final CheckResult result =
                    rig.attempt(
                            CheckRig.target(
                                    new CheckSpec.Ping(), new InetSocketAddress(each, 0), LONG_MS));

            assumeTrue(!result.reason().contains("CAP_NET_RAW"), "needs CAP_NET_RAW");
            assertEquals(Outcome.PASSED, result.outcome(), each + ": " + result.reason());
            assertTrue(result.reason().matches("echo in .*"), result.reason());
        }
    }

    @Test
    void shouldPingFromTheSourceThatIsWanted() throws Exception {
        final InetSocketAddress there = new InetSocketAddress(address("127.0.0.1"), 0);
        final CheckTarget plain = CheckRig.target(new CheckSpec.Ping(), there, SHORT_MS);
        final CheckResult good =
                rig.attempt(
                        new CheckTarget(
                                plain.spec(),
                                there,
                                plain.timing(),
                                plain.ways(),
                                address("127.0.0.7")));
        final CheckResult notOurs =
                rig.attempt(
                        new CheckTarget(
                                plain.spec(),
                                there,
                                plain.timing(),
                                plain.ways(),
                                address("198.51.100.7")));

        assumeTrue(!good.reason().contains("CAP_NET_RAW"), "needs CAP_NET_RAW");
        assertEquals(Outcome.PASSED, good.outcome(), good.reason());
        assertEquals(Outcome.NOT_TRIED, notOurs.outcome(), notOurs.reason());
        assertTrue(notOurs.reason().contains("198.51.100.7"), notOurs.reason());
    }

    // -- script -----------------------------------------------------------------------------------

    @Test
    void shouldPassWhenAProgramEndsWithZero() throws Exception {
        passes("exit code 0 in .*: all is well", script("echo all is well; echo more"), 80);
    }

    @Test
    void shouldSayHowAProgramEndedAndWhatItWrote() throws Exception {
        fails(
                "exit code 3 after .*: 127\\.0\\.0\\.1 80 10000",
                script("echo $NARU_ADDRESS $NARU_PORT $NARU_TIMEOUT_MS >&2; exit 3"),
                80,
                LONG_MS);
    }

    @Test
    void shouldKillAProgramAndWhatItStarted(@TempDir final Path directory) throws Exception {
        final Path pid = directory.resolve("pid");
        fails(
                "did not end within 300 ms, killed.*",
                script("sleep 600 & echo $! > " + pid + "; wait"),
                80,
                300);

        final long child = Long.parseLong(Files.readString(pid).strip());
        Await.until(() -> !isAlive(child), () -> "the end of the sleeping child");
    }

    @Test
    void shouldBoundWhatAProgramWrites() throws Exception {
        fails(
                "did not end within 500 ms, killed: it wrote all that is taken, 64 KiB, and more",
                script("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done"),
                80,
                500);
    }

    @Test
    void shouldRunAProgramAsItsUser() throws Exception {
        assumeTrue("root".equals(System.getProperty("user.name")), "needs root");

        passes(
                "exit code 0 in .*: uid=65534\\(nobody\\) .*",
                new CheckSpec.Script(List.of("/usr/bin/id"), "nobody"),
                80);
    }

    @Test
    void shouldNotBlameTheBackendForAProgramThatCannotRun() throws Exception {
        final CheckResult result =
                rig.attempt(
                        new CheckSpec.Script(List.of("/bin/true"), "no-such-user"), 80, LONG_MS);

        assertEquals(Outcome.NOT_TRIED, result.outcome());
        assertEquals(
                "could not try: there is no user 'no-such-user' in /etc/passwd", result.reason());
    }

    /** Zombies whose parent has not looked yet are dead. */
    private static boolean isAlive(final long pid) {
        try {
            return !Files.readString(Path.of("/proc/" + pid + "/stat")).contains(") Z ");
        } catch (final IOException e) {
            return false;
        }
    }

    // -- helpers ----------------------------------------------------------------------------------

    private void passes(final String reason, final CheckSpec spec, final int port)
            throws Exception {
        final CheckResult result = rig.attempt(spec, port, LONG_MS);
        assertEquals(Outcome.PASSED, result.outcome(), result.reason());
        assertTrue(result.reason().matches(reason), result.reason());
    }

    private void fails(
            final String reason, final CheckSpec spec, final int port, final long timeoutMs)
            throws Exception {
        final CheckResult result = rig.attempt(spec, port, timeoutMs);
        assertEquals(Outcome.FAILED, result.outcome(), result.reason());
        assertTrue(result.reason().matches(reason), result.reason());
    }

    private static CheckSpec tcp(final String send, final String expect, final String regex) {
        return new CheckSpec.Tcp(send, expect, regex);
    }

    private static CheckSpec http() {
        return http("/", "", "", "200-299");
    }

    private static CheckSpec http(
            final String url, final String body, final String regex, final String status) {
        return new CheckSpec.Http(
                false,
                "GET",
                url,
                "",
                List.of(),
                status,
                body,
                regex,
                1_024,
                "",
                false,
                "",
                Duration.ZERO);
    }

    private static CheckSpec https(final String sni, final boolean verify) {
        return https(sni, verify, "");
    }

    private static CheckSpec https(final String sni, final boolean verify, final String caFile) {
        return new CheckSpec.Http(
                true,
                "GET",
                "/",
                "",
                List.of(),
                "200",
                "",
                "",
                1_024,
                sni,
                verify,
                caFile,
                Duration.ofDays(14));
    }

    private static CheckSpec dns(final String rcode) {
        return new CheckSpec.Dns("www.example.com", "AAAA", rcode);
    }

    private static CheckSpec script(final String shell) {
        return new CheckSpec.Script(
                List.of("/bin/sh", "-c", shell), System.getProperty("user.name"));
    }

    private static void writeForever(final java.io.OutputStream out) throws IOException {
        final byte[] block = "x".repeat(8_192).getBytes(StandardCharsets.US_ASCII);
        while (true) {
            out.write(block);
        }
    }

    private static InetAddress address(final String text) {
        return new InetSocketAddress(text, 0).getAddress();
    }

    private static int port(final DatagramSocket socket) {
        return socket.getLocalPort();
    }

    private static String reply(final String query, final int flags, final int rcode) {
        return query.substring(0, 2) + (char) flags + (char) rcode + query.substring(4);
    }

    /** A server that answers each datagram; texts are octets. */
    private static DatagramSocket udp(final UnaryOperator<String> answer) throws IOException {
        final DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        final Thread thread =
                new Thread(
                        () -> {
                            try {
                                while (true) {
                                    final DatagramPacket packet =
                                            new DatagramPacket(new byte[2_048], 2_048);
                                    socket.receive(packet);
                                    final String said =
                                            new String(
                                                    packet.getData(),
                                                    0,
                                                    packet.getLength(),
                                                    StandardCharsets.ISO_8859_1);
                                    packet.setData(
                                            answer.apply(said)
                                                    .getBytes(StandardCharsets.ISO_8859_1));
                                    socket.send(packet);
                                }
                            } catch (final IOException e) {
                                // closed
                            }
                        },
                        "test-udp");
        thread.setDaemon(true);
        thread.start();
        return socket;
    }
}
