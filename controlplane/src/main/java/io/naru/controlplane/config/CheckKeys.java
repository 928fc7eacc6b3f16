package io.naru.controlplane.config;

import io.naru.controlplane.health.CheckSpec;
import io.naru.controlplane.health.DnsTerms;
import io.naru.dataplane.protocol.IpAddress;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/** The keys of a check, each described once, and which kinds of check have them. */
final class CheckKeys {
    private static final int MAX_TEXT = 4_096;
    private static final int MAX_HEADERS = 32;
    private static final int MAX_ARGUMENTS = 64;
    private static final int MAX_BODY_DEFAULT = 65_536;

    /** Every kind but none, which has no key at all. */
    private static final Set<CheckType> ALL = EnumSet.complementOf(EnumSet.of(CheckType.NONE));

    private static final Set<CheckType> WITH_SOCKET =
            EnumSet.complementOf(EnumSet.of(CheckType.NONE, CheckType.SCRIPT));
    private static final Set<CheckType> WITH_PORT =
            EnumSet.complementOf(EnumSet.of(CheckType.NONE, CheckType.PING));
    private static final Set<CheckType> EXCHANGES = EnumSet.of(CheckType.TCP, CheckType.UDP);
    private static final Set<CheckType> HTTP = EnumSet.of(CheckType.HTTP, CheckType.HTTPS);

    static final Key<CheckConfig, CheckType> TYPE =
            Key.<CheckConfig, CheckType>of(
                            "type",
                            Types.choice(CheckType.class),
                            "ping: an ICMP echo comes back. tcp: a connection is accepted in time,"
                                    + " and answers what is expected. udp: a datagram is answered."
                                    + " http, https: a request is answered with a wanted status and"
                                    + " body. dns: a query is answered. script: a program ends with"
                                    + " exit code 0. none: every backend counts as up.")
                    .component(CheckConfig::type)
                    .defaultsTo(CheckConfig.TCP.type())
                    .example("tcp");
    static final Key<CheckConfig, Duration> INTERVAL =
            Key.<CheckConfig, Duration>of(
                            "interval",
                            Types.duration(Duration.ofMillis(100), Duration.ofHours(1)),
                            "From the start of one check of a backend to the start of the next, give"
                                    + " or take a tenth.")
                    .component(onlyIfChecked(CheckConfig::interval))
                    .defaultsTo(CheckConfig.TCP.interval())
                    .example("500ms");
    static final Key<CheckConfig, Duration> FAST_INTERVAL =
            Key.<CheckConfig, Duration>of(
                            "fast-interval",
                            Types.duration(Duration.ofMillis(100), Duration.ofHours(1)),
                            "The same while the results are on the way to another verdict.")
                    .component(CheckConfig::fastInterval)
                    .defaultText("a quarter of the interval, at least 200ms")
                    .example("250ms");
    static final Key<CheckConfig, Duration> DOWN_INTERVAL =
            Key.<CheckConfig, Duration>of(
                            "down-interval",
                            Types.duration(Duration.ofMillis(100), Duration.ofHours(1)),
                            "The same while the backend is down.")
                    .component(CheckConfig::downInterval)
                    .defaultText("the interval")
                    .example("10s");
    static final Key<CheckConfig, Duration> TIMEOUT =
            Key.<CheckConfig, Duration>of(
                            "timeout",
                            Types.duration(Duration.ofMillis(10), Duration.ofMinutes(1)),
                            "After this time without an answer a check has failed; at most the"
                                    + " interval.")
                    .component(onlyIfChecked(CheckConfig::timeout))
                    .defaultsTo(CheckConfig.TCP.timeout())
                    .defaultText("1s, or the interval if that is shorter")
                    .example("300ms");
    static final Key<CheckConfig, Integer> RISE =
            Key.<CheckConfig, Integer>of(
                            "rise",
                            Types.wholeNumber(1, 100),
                            "Passes in a row that bring a backend up.")
                    .component(onlyIfChecked(CheckConfig::rise))
                    .defaultsTo(CheckConfig.TCP.rise())
                    .example("2");
    static final Key<CheckConfig, Integer> FALL =
            Key.<CheckConfig, Integer>of(
                            "fall",
                            Types.wholeNumber(1, 100),
                            "Failures in a row that take a backend down.")
                    .component(onlyIfChecked(CheckConfig::fall))
                    .defaultsTo(CheckConfig.TCP.fall())
                    .example("3");
    static final Key<CheckConfig, Boolean> DAMPING =
            Key.<CheckConfig, Boolean>of(
                            "damping",
                            Types.flag(),
                            "Whether a backend that went down three times in about a minute is held"
                                    + " down for a while although its checks pass.")
                    .component(check -> check.damping() ? null : Boolean.FALSE)
                    .defaultsTo(true)
                    .example("false");
    static final Key<CheckConfig, Integer> PORT =
            Key.<CheckConfig, Integer>of(
                            "port", Types.wholeNumber(1, 65_535), "The port that is checked.")
                    .component(check -> check.port() == 0 ? null : check.port())
                    .defaultText("the backend's port, else the service's")
                    .example("8081");
    static final Key<CheckConfig, IpAddress> ADDRESS =
            Key.<CheckConfig, IpAddress>of(
                            "address",
                            Types.address(),
                            "The address that is checked in place of each backend's own; one check"
                                    + " then decides about all of them.")
                    .component(CheckConfig::address)
                    .defaultText("the backend's")
                    .example("10.2.9.1");
    static final Key<CheckConfig, IpAddress> SOURCE =
            Key.<CheckConfig, IpAddress>of(
                            "source",
                            Types.address(),
                            "The address of this box that checks come from.")
                    .component(CheckConfig::source)
                    .defaultText("as the box chooses")
                    .example("10.2.0.254");
    static final Key<CheckConfig, CheckPath> PATH =
            Key.<CheckConfig, CheckPath>of(
                            "path",
                            Types.choice(CheckPath.class),
                            "vip: to the VIP on each backend, in the frame or tunnel that clients'"
                                    + " packets go in; finds a missing loopback address or tunnel"
                                    + " end. backend: to the backend's own address.")
                    .component(CheckConfig::path)
                    .defaultText("vip for services in a DSR mode, backend for others")
                    .example("backend");
    static final Key<CheckConfig, String> SEND =
            Key.<CheckConfig, String>of(
                            "send",
                            CheckTypes.octets(MAX_TEXT),
                            "tcp, udp: what is said to the backend; \\r \\n \\t \\0 \\\\ and \\x1f are"
                                    + " single bytes.")
                    .component(exchange(CheckSpec.Tcp::send, CheckSpec.Udp::send))
                    .defaultText("nothing")
                    .example("'PING\\r\\n'");
    static final Key<CheckConfig, String> EXPECT =
            Key.<CheckConfig, String>of(
                            "expect",
                            CheckTypes.octets(MAX_TEXT),
                            "tcp, udp: what must be somewhere in the first 16 KiB of the answer, with"
                                    + " the same escapes.")
                    .component(exchange(CheckSpec.Tcp::expect, CheckSpec.Udp::expect))
                    .defaultText("nothing: the connection, or any answer to a datagram, is enough")
                    .example("'+PONG'");
    static final Key<CheckConfig, String> EXPECT_REGEX =
            Key.<CheckConfig, String>of(
                            "expect-regex",
                            CheckTypes.regex(MAX_TEXT),
                            "tcp, udp: a Java regular expression that must find something there.")
                    .component(exchange(CheckSpec.Tcp::expectRegex, CheckSpec.Udp::expectRegex))
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
                    .component(http(spec -> spec.headers().isEmpty() ? null : spec.headers()))
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
                    .defaultText("nothing")
                    .example("'status: ok'");
    static final Key<CheckConfig, String> BODY_REGEX =
            Key.<CheckConfig, String>of(
                            "body-regex",
                            CheckTypes.regex(MAX_TEXT),
                            "http, https: a Java regular expression that must find something in the"
                                    + " body.")
                    .component(http(CheckSpec.Http::bodyRegex))
                    .defaultText("nothing")
                    .example("'\"lag\": *[0-9],'");
    static final Key<CheckConfig, Integer> MAX_BODY =
            Key.<CheckConfig, Integer>of(
                            "max-body",
                            Types.count(1, 1 << 20),
                            "http, https: so many bytes of the body are looked at.")
                    .component(
                            http(
                                    spec ->
                                            spec.maxBody() == MAX_BODY_DEFAULT
                                                    ? null
                                                    : spec.maxBody()))
                    .defaultsTo(MAX_BODY_DEFAULT)
                    .example("4k");
    static final Key<CheckConfig, String> SNI =
            Key.<CheckConfig, String>of(
                            "sni",
                            CheckTypes.text(
                                    "a host's name", 253, "[A-Za-z0-9._-]+", "www.example.com"),
                            "https: the server's name in the TLS handshake.")
                    .component(http(CheckSpec.Http::sni))
                    .defaultText("the host")
                    .example("www.example.com");
    static final Key<CheckConfig, Boolean> VERIFY =
            Key.<CheckConfig, Boolean>of(
                            "verify",
                            Types.flag(),
                            "https: whether the certificate must be valid, of an authority that Java"
                                    + " trusts, and for the server's name.")
                    .component(http(spec -> spec.verify() ? Boolean.TRUE : null))
                    .defaultsTo(false)
                    .example("true");
    static final Key<CheckConfig, Duration> WARN_EXPIRY =
            Key.<CheckConfig, Duration>of(
                            "warn-expiry",
                            Types.duration(Duration.ZERO, Duration.ofDays(365)),
                            "https: so long before the certificate ends an event says so; 0s never.")
                    .component(
                            http(
                                    spec ->
                                            spec.tls()
                                                            && !spec.warnExpiry()
                                                                    .equals(Duration.ofDays(14))
                                                    ? spec.warnExpiry()
                                                    : null))
                    .defaultsTo(Duration.ofDays(14))
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

    static final ObjectType<CheckConfig> CHECK =
            new ObjectType<>(
                    "a check",
                    "The health check of a pool's backends; `docs/health.md` has an example of each"
                            + " kind. The type alone (check: none) is enough.",
                    List.of(
                            TYPE,
                            INTERVAL,
                            FAST_INTERVAL,
                            DOWN_INTERVAL,
                            TIMEOUT,
                            RISE,
                            FALL,
                            DAMPING,
                            PORT,
                            ADDRESS,
                            SOURCE,
                            PATH,
                            SEND,
                            EXPECT,
                            EXPECT_REGEX,
                            METHOD,
                            URL,
                            HOST,
                            HEADERS,
                            STATUS,
                            BODY,
                            BODY_REGEX,
                            MAX_BODY,
                            SNI,
                            VERIFY,
                            WARN_EXPIRY,
                            QUERY,
                            RECORD,
                            RCODE,
                            COMMAND,
                            USER),
                    new ConfigKeys.KeyShorthand<>(TYPE));

    private CheckKeys() {}

    /** The kinds of check that have a key. */
    static Set<CheckType> kindsOf(final Key<CheckConfig, ?> key) {
        return switch (key.name()) {
            case "type", "interval", "fast-interval", "down-interval" -> ALL;
            case "timeout", "rise", "fall", "damping", "address" -> ALL;
            case "port" -> WITH_PORT;
            case "source", "path" -> WITH_SOCKET;
            case "send", "expect", "expect-regex" -> EXCHANGES;
            case "sni", "verify", "warn-expiry" -> EnumSet.of(CheckType.HTTPS);
            case "query", "record", "rcode" -> EnumSet.of(CheckType.DNS);
            case "command", "user" -> EnumSet.of(CheckType.SCRIPT);
            default -> HTTP;
        };
    }

    /** A pool that is not checked has nothing but the type. */
    private static <T> Function<CheckConfig, T> onlyIfChecked(
            final Function<CheckConfig, T> component) {
        return check -> check.type() == CheckType.NONE ? null : component.apply(check);
    }

    private static Function<CheckConfig, String> exchange(
            final Function<CheckSpec.Tcp, String> tcp, final Function<CheckSpec.Udp, String> udp) {
        return check ->
                check.spec() instanceof CheckSpec.Tcp spec
                        ? given(tcp.apply(spec))
                        : check.spec() instanceof CheckSpec.Udp spec
                                ? given(udp.apply(spec))
                                : null;
    }

    private static <T> Function<CheckConfig, Object> http(
            final Function<CheckSpec.Http, T> component) {
        return check ->
                check.spec() instanceof CheckSpec.Http spec ? given(component.apply(spec)) : null;
    }

    private static <T> Function<CheckConfig, Object> dns(
            final Function<CheckSpec.Dns, T> component) {
        return check ->
                check.spec() instanceof CheckSpec.Dns spec ? given(component.apply(spec)) : null;
    }

    private static <T> Function<CheckConfig, Object> script(
            final Function<CheckSpec.Script, T> component) {
        return check ->
                check.spec() instanceof CheckSpec.Script spec ? given(component.apply(spec)) : null;
    }

    private static <T> T given(final T value) {
        return value instanceof String text && text.isEmpty() ? null : value;
    }
}
