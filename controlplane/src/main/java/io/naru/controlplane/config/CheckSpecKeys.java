package io.naru.controlplane.config;

import io.naru.controlplane.health.CheckSpec;
import io.naru.controlplane.health.DnsTerms;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/** The keys that say what a check asks of a backend and expects of it, and the record of that. */
final class CheckSpecKeys {
    private static final int MAX_TEXT = 4_096;
    private static final int MAX_HEADERS = 32;
    private static final int MAX_ARGUMENTS = 64;

    static final Key<CheckConfig, String> SEND =
            Key.<CheckConfig, String>of(
                            "send",
                            CheckTypes.octets(MAX_TEXT),
                            "tcp, udp: what is said to the backend; \\r \\n \\t \\0 \\\\ and \\x1f are"
                                    + " single bytes.")
                    .component(exchange(CheckSpec.Tcp::send, CheckSpec.Udp::send))
                    .absentAs("")
                    .defaultText("nothing")
                    .example("'PING\\r\\n'");
    static final Key<CheckConfig, String> EXPECT =
            Key.<CheckConfig, String>of(
                            "expect",
                            CheckTypes.octets(MAX_TEXT),
                            "tcp, udp: what must be somewhere in the first 16 KiB of the answer, with"
                                    + " the same escapes.")
                    .component(exchange(CheckSpec.Tcp::expect, CheckSpec.Udp::expect))
                    .absentAs("")
                    .defaultText("nothing: the connection, or any answer to a datagram, is enough")
                    .example("'+PONG'");
    static final Key<CheckConfig, String> EXPECT_REGEX =
            Key.<CheckConfig, String>of(
                            "expect-regex",
                            CheckTypes.regex(MAX_TEXT),
                            "tcp, udp: a Java regular expression that must find something there.")
                    .component(exchange(CheckSpec.Tcp::expectRegex, CheckSpec.Udp::expectRegex))
                    .absentAs("")
                    .defaultText("nothing")
                    .example("'^220 '");
    static final Key<CheckConfig, String> METHOD =
            Key.<CheckConfig, String>of(
                            "method",
                            CheckTypes.text("a method", 32, "[A-Z][A-Z0-9_-]*", "GET or HEAD"),
                            "http, https: the request's method.")
                    .component(http(CheckSpec.Http::method))
                    .defaultsTo("GET")
                    .example("HEAD");
    static final Key<CheckConfig, String> URL =
            Key.<CheckConfig, String>of(
                            "url",
                            CheckTypes.text(
                                    "a path and query",
                                    MAX_TEXT,
                                    "(/|\\*$)[\\x21-\\x7e]*",
                                    "/health or /status?full=1; the host is a key of its own"),
                            "http, https: what is asked for: path and query.")
                    .component(http(CheckSpec.Http::url))
                    .defaultsTo("/")
                    .example("/health");
    static final Key<CheckConfig, String> HOST =
            Key.<CheckConfig, String>of(
                            "host",
                            CheckTypes.text(
                                    "a host's name", 255, "[\\x21-\\x7e]+", "www.example.com"),
                            "http, https: the Host header.")
                    .component(http(CheckSpec.Http::host))
                    .absentAs("")
                    .defaultText("the address and port that are checked")
                    .example("www.example.com");
    static final Key<CheckConfig, List<String>> HEADERS =
            Key.<CheckConfig, List<String>>of(
                            "headers",
                            new ListType<>(
                                    "a list of headers",
                                    CheckTypes.text(
                                            "a header",
                                            MAX_TEXT,
                                            "[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\\t\\x20-\\x7e\\x80-\\xff]*",
                                            "'Name: value'"),
                                    0,
                                    MAX_HEADERS),
                            "http, https: further headers, or others in place of ours.")
                    .component(http(CheckSpec.Http::headers))
                    .absentAs(List.of())
                    .defaultText("none")
                    .example("['Authorization: Basic Y2hlY2s6Y2hlY2s=']");
    static final Key<CheckConfig, String> STATUS =
            Key.<CheckConfig, String>of(
                            "status",
                            CheckTypes.status(),
                            "http, https: the codes that pass. Redirects are not followed.")
                    .component(http(CheckSpec.Http::status))
                    .defaultsTo("200-299")
                    .example("200-299,401");
    static final Key<CheckConfig, String> BODY =
            Key.<CheckConfig, String>of(
                            "body",
                            CheckTypes.text("a text", MAX_TEXT, "(?s).+", null),
                            "http, https: text that must be in the body.")
                    .component(http(CheckSpec.Http::body))
                    .absentAs("")
                    .defaultText("nothing")
                    .example("'status: ok'");
    static final Key<CheckConfig, String> BODY_REGEX =
            Key.<CheckConfig, String>of(
                            "body-regex",
                            CheckTypes.regex(MAX_TEXT),
                            "http, https: a Java regular expression that must find something in the"
                                    + " body.")
                    .component(http(CheckSpec.Http::bodyRegex))
                    .absentAs("")
                    .defaultText("nothing")
                    .example("'\"lag\": *[0-9],'");
    static final Key<CheckConfig, Integer> MAX_BODY =
            Key.<CheckConfig, Integer>of(
                            "max-body",
                            Types.count(1, 1 << 20),
                            "http, https: so many bytes of the body are looked at.")
                    .component(http(CheckSpec.Http::maxBody))
                    .defaultsQuietlyTo(65_536)
                    .example("4k");
    static final Key<CheckConfig, String> SNI =
            Key.<CheckConfig, String>of(
                            "sni",
                            CheckTypes.text(
                                    "a host's name", 253, "[A-Za-z0-9._-]+", "www.example.com"),
                            "https: the server's name in the TLS handshake.")
                    .component(http(CheckSpec.Http::sni))
                    .absentAs("")
                    .defaultText("the host")
                    .example("www.example.com");
    static final Key<CheckConfig, Boolean> VERIFY =
            Key.<CheckConfig, Boolean>of(
                            "verify",
                            Types.flag(),
                            "https: whether the certificate must be valid, of an authority that is"
                                    + " trusted, and for the server's name.")
                    .component(http(CheckSpec.Http::verify))
                    .defaultsQuietlyTo(false)
                    .example("true");
    static final Key<CheckConfig, String> CA_FILE =
            Key.<CheckConfig, String>of(
                            "ca-file",
                            CheckTypes.text(
                                    "a file's whole path",
                                    MAX_TEXT,
                                    "/[^\\x00]+",
                                    "/etc/naru/ca.pem"),
                            "https: the certificates, in PEM, of the authorities that are trusted in"
                                    + " place of Java's. Needs verify: true.")
                    .component(http(CheckSpec.Http::caFile))
                    .absentAs("")
                    .defaultText("Java's trust store")
                    .example("/etc/naru/ca.pem");
    static final Key<CheckConfig, Duration> WARN_EXPIRY =
            Key.<CheckConfig, Duration>of(
                            "warn-expiry",
                            Types.duration(Duration.ZERO, Duration.ofDays(365)),
                            "https: so long before the certificate ends an event says so; 0s never.")
                    .component(http(CheckSpec.Http::warnExpiry))
                    .defaultsQuietlyTo(Duration.ofDays(14))
                    .example("30d");
    static final Key<CheckConfig, String> QUERY =
            Key.<CheckConfig, String>of(
                            "query",
                            CheckTypes.dnsName(),
                            "dns: the name that is asked for; '.' is the root.")
                    .component(dns(CheckSpec.Dns::query))
                    .defaultText("needed with type dns")
                    .example("www.example.com");
    static final Key<CheckConfig, DnsTerms.RecordType> RECORD =
            Key.<CheckConfig, DnsTerms.RecordType>of(
                            "record",
                            Types.choice(DnsTerms.RecordType.class, Enum::name),
                            "dns: the type of record that is asked for.")
                    .component(dns(spec -> DnsTerms.RecordType.valueOf(spec.record())))
                    .defaultsTo(DnsTerms.RecordType.A)
                    .example("SOA");
    static final Key<CheckConfig, String> RCODE =
            Key.<CheckConfig, String>of(
                            "rcode",
                            CheckTypes.word(DnsTerms.RCODES),
                            "dns: the return code that passes.")
                    .component(dns(CheckSpec.Dns::rcode))
                    .defaultsTo("NOERROR")
                    .example("NXDOMAIN");
    static final Key<CheckConfig, List<String>> COMMAND =
            Key.<CheckConfig, List<String>>of(
                            "command",
                            new ListType<>(
                                    "a list of texts",
                                    CheckTypes.text("a text", MAX_TEXT, "(?s)[^\\x00]*", null),
                                    1,
                                    MAX_ARGUMENTS),
                            "script: the program and its arguments, without a shell. NARU_ADDRESS,"
                                    + " NARU_PORT and NARU_TIMEOUT_MS are in its environment.")
                    .component(script(CheckSpec.Script::command))
                    .defaultText("needed with type script")
                    .example("[/usr/local/bin/check-db, --quick]");
    static final Key<CheckConfig, String> USER =
            Key.<CheckConfig, String>of(
                            "user",
                            CheckTypes.text("a user", 32, "[a-z_][a-z0-9_.-]*", "nobody"),
                            "script: the user of /etc/passwd that it runs as.")
                    .component(script(CheckSpec.Script::user))
                    .defaultsTo("nobody")
                    .example("check");

    private static final List<Key<CheckConfig, ?>> OF_EXCHANGE =
            List.of(SEND, EXPECT, EXPECT_REGEX);
    private static final List<Key<CheckConfig, ?>> OF_HTTP =
            List.of(METHOD, URL, HOST, HEADERS, STATUS, BODY, BODY_REGEX, MAX_BODY);
    private static final List<Key<CheckConfig, ?>> OF_HTTPS =
            List.of(SNI, VERIFY, CA_FILE, WARN_EXPIRY);
    private static final List<Key<CheckConfig, ?>> OF_DNS = List.of(QUERY, RECORD, RCODE);
    private static final List<Key<CheckConfig, ?>> OF_SCRIPT = List.of(COMMAND, USER);

    static final List<Key<CheckConfig, ?>> ALL =
            Stream.of(OF_EXCHANGE, OF_HTTP, OF_HTTPS, OF_DNS, OF_SCRIPT)
                    .flatMap(List::stream)
                    .toList();

    private CheckSpecKeys() {}

    private static Function<CheckConfig, String> exchange(
            final Function<CheckSpec.Tcp, String> tcp, final Function<CheckSpec.Udp, String> udp) {
        return check ->
                check.spec() instanceof CheckSpec.Tcp spec
                        ? tcp.apply(spec)
                        : check.spec() instanceof CheckSpec.Udp spec ? udp.apply(spec) : null;
    }

    private static <T> Function<CheckConfig, Object> http(
            final Function<CheckSpec.Http, T> component) {
        return check -> check.spec() instanceof CheckSpec.Http spec ? component.apply(spec) : null;
    }

    private static <T> Function<CheckConfig, Object> dns(
            final Function<CheckSpec.Dns, T> component) {
        return check -> check.spec() instanceof CheckSpec.Dns spec ? component.apply(spec) : null;
    }

    private static <T> Function<CheckConfig, Object> script(
            final Function<CheckSpec.Script, T> component) {
        return check ->
                check.spec() instanceof CheckSpec.Script spec ? component.apply(spec) : null;
    }

    /** The kinds of check that have a key: all of them, unless it is one of those here. */
    static Set<CheckType> kindsOf(final Key<CheckConfig, ?> key) {
        if (OF_EXCHANGE.contains(key)) {
            return EnumSet.of(CheckType.TCP, CheckType.UDP);
        } else if (OF_HTTP.contains(key)) {
            return EnumSet.of(CheckType.HTTP, CheckType.HTTPS);
        } else if (OF_HTTPS.contains(key)) {
            return EnumSet.of(CheckType.HTTPS);
        } else if (OF_DNS.contains(key)) {
            return EnumSet.of(CheckType.DNS);
        } else if (OF_SCRIPT.contains(key)) {
            return EnumSet.of(CheckType.SCRIPT);
        } else {
            return EnumSet.allOf(CheckType.class);
        }
    }

    static CheckSpec assemble(final Section section, final CheckType type) {
        return switch (type) {
            case PING -> new CheckSpec.Ping();
            case TCP ->
                    new CheckSpec.Tcp(
                            section.orDefault(SEND),
                            section.orDefault(EXPECT),
                            section.orDefault(EXPECT_REGEX));
            case UDP ->
                    new CheckSpec.Udp(
                            section.orDefault(SEND),
                            section.orDefault(EXPECT),
                            section.orDefault(EXPECT_REGEX));
            case HTTP, HTTPS -> assembleHttp(section, type);
            case DNS -> {
                need(section, QUERY, "a dns check needs a name to ask for");
                yield new CheckSpec.Dns(
                        section.get(QUERY, "."),
                        section.orDefault(RECORD).name(),
                        section.orDefault(RCODE));
            }
            case SCRIPT -> {
                need(section, COMMAND, "a script check needs a program");
                yield new CheckSpec.Script(
                        section.get(COMMAND, List.of("/bin/false")), section.orDefault(USER));
            }
            case NONE -> null;
        };
    }

    private static CheckSpec assembleHttp(final Section section, final CheckType type) {
        if (section.has(CA_FILE) && !section.orDefault(VERIFY)) {
            section.error(CA_FILE, "nothing is verified", "verify: true");
        }
        return new CheckSpec.Http(
                type == CheckType.HTTPS,
                section.orDefault(METHOD),
                section.orDefault(URL),
                section.orDefault(HOST),
                section.orDefault(HEADERS),
                section.orDefault(STATUS),
                section.orDefault(BODY),
                section.orDefault(BODY_REGEX),
                section.orDefault(MAX_BODY),
                section.orDefault(SNI),
                section.orDefault(VERIFY),
                section.orDefault(CA_FILE),
                section.orDefault(WARN_EXPIRY));
    }

    private static void need(
            final Section section, final Key<CheckConfig, ?> key, final String text) {
        if (!section.has(key)) {
            section.error(CheckKeys.TYPE, text, key.name() + ": " + key.example());
        }
    }
}
