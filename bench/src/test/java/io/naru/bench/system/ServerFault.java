package io.naru.bench.system;

import static io.naru.bench.system.CheckedKind.DNS;
import static io.naru.bench.system.CheckedKind.EXCHANGE;
import static io.naru.bench.system.CheckedKind.HTTP;
import static io.naru.bench.system.CheckedKind.HTTPS;
import static io.naru.bench.system.CheckedKind.PING;
import static io.naru.bench.system.CheckedKind.PING_IPV6;
import static io.naru.bench.system.CheckedKind.SCRIPT;
import static io.naru.bench.system.CheckedKind.TCP;
import static io.naru.bench.system.CheckedKind.UDP;
import static io.naru.bench.system.HealthView.TIME;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Something that goes wrong with the {@link RealServers} of s1, and what the checks that notice it
 * say, which have a second; the others do not notice.
 *
 * @param title in words.
 * @param inflict makes it go wrong.
 * @param mend makes it good again.
 * @param reasons an expression for each kind that notices.
 */
record ServerFault(
        String title,
        Consumer<RealServers> inflict,
        Consumer<RealServers> mend,
        Map<CheckedKind, String> reasons) {
    static final ServerFault NOBODY_LISTENS =
            fault("nobody listens", RealServers::kill, RealServers::start)
                    .said("connect refused after " + TIME, TCP, EXCHANGE, HTTP, HTTPS)
                    .said("port unreachable after " + TIME, UDP, DNS)
                    .said("exit code 1 after " + TIME + ": Could not connect to .*", SCRIPT);

    static final ServerFault FROZEN =
            fault("frozen", RealServers::freeze, RealServers::thaw)
                    .said("connected, but no '\\+PONG', no byte at all within 1 s", EXCHANGE)
                    .said("connected, but no answer to the request within 1 s", HTTP)
                    .said("connected, but no TLS handshake within 1 s", HTTPS)
                    .said("no answer within 1 s", UDP, DNS)
                    .said("did not end within 1 s, killed", SCRIPT);

    static final ServerFault BLACK_HOLED =
            fault("black-holed", RealServers::dropPackets, RealServers::acceptPackets)
                    .said("no echo within 1 s", PING, PING_IPV6)
                    .said("no answer within 1 s", TCP, EXCHANGE, UDP, DNS, HTTP, HTTPS)
                    .said("did not end within 1 s, killed", SCRIPT);

    static final ServerFault FORBIDDEN =
            fault("forbidden", RealServers::rejectPackets, RealServers::acceptPackets)
                    .said("no echo within 1 s", PING, PING_IPV6)
                    .said("no route to host", TCP, EXCHANGE, UDP, DNS, HTTP, HTTPS)
                    .said("exit code 1 after " + TIME + ": Could not connect to .*", SCRIPT);

    static final ServerFault CABLE_OUT =
            fault("cable out", RealServers::unplug, RealServers::plugIn)
                    .said("no echo within 1 s|cannot be sent: .*", PING, PING_IPV6)
                    .said(
                            "no answer within 1 s|no route to host",
                            TCP,
                            EXCHANGE,
                            UDP,
                            DNS,
                            HTTP,
                            HTTPS)
                    .said("did not end within 1 s, killed|exit code 1 after .*", SCRIPT);

    static final ServerFault WRONG_ANSWERS =
            fault("wrong answers", RealServers::answerWrongly, RealServers::answerWell)
                    .said("connected, but no '\\+PONG' but '-NOPERM .*' within 1 s", EXCHANGE)
                    .said(
                            "no /.*/ but 'SIP/2\\.0 503 Service Unavailable from s1\\\\n' within 1 s",
                            UDP)
                    .said("NXDOMAIN after " + TIME + ", expected NOERROR", DNS)
                    .said("HTTP 503 after " + TIME + ", expected 200-299", HTTP, HTTPS)
                    .said("exit code 2 after " + TIME + ": replication lag is 97 s", SCRIPT);

    static final ServerFault SLOW =
            fault("slow", RealServers::answerSlowly, RealServers::answerWell)
                    .said("connected, but no '\\+PONG', no byte at all within 1 s", EXCHANGE)
                    .said("HTTP 200, but the body did not end within 1 s", HTTP, HTTPS)
                    .said("did not end within 1 s, killed", SCRIPT);

    static final List<ServerFault> ALL =
            List.of(NOBODY_LISTENS, FROZEN, BLACK_HOLED, FORBIDDEN, CABLE_OUT, WRONG_ANSWERS, SLOW);

    private static ServerFault fault(
            final String title,
            final Consumer<RealServers> inflict,
            final Consumer<RealServers> mend) {
        return new ServerFault(title, inflict, mend, Map.of());
    }

    private ServerFault said(final String reason, final CheckedKind... kinds) {
        final Map<CheckedKind, String> all = new EnumMap<>(CheckedKind.class);
        all.putAll(reasons);
        for (final CheckedKind kind : kinds) {
            all.put(kind, reason);
        }

        return new ServerFault(title, inflict, mend, all);
    }

    @Override
    public String toString() {
        return title;
    }
}
