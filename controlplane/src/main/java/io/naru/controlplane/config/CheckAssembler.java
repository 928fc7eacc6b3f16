package io.naru.controlplane.config;

import io.naru.controlplane.health.CheckSpec;
import io.naru.controlplane.health.DnsTerms;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** Makes a check's record of what the binder read, and checks what no key can check alone. */
final class CheckAssembler {
    private final Section section;

    private CheckAssembler(final Section section) {
        this.section = section;
    }

    static CheckConfig assemble(final Section section) {
        return new CheckAssembler(section).check();
    }

    private CheckConfig check() {
        final CheckType type = section.get(CheckKeys.TYPE, CheckType.TCP);
        final Duration interval = section.get(CheckKeys.INTERVAL, CheckConfig.TCP.interval());
        final Duration timeout = timeout(interval);
        if (!section.has(CheckKeys.TYPE) || section.get(CheckKeys.TYPE) != null) {
            checkKeysFit(type);
        }
        if (type == CheckType.NONE) {
            return CheckConfig.NONE;
        }

        if (section.get(CheckKeys.ADDRESS) != null
                && section.get(CheckKeys.PATH) == CheckPath.VIP) {
            section.error(
                    CheckKeys.ADDRESS,
                    "another address cannot be checked by way of the VIP",
                    "path: backend, or no address");
        }

        return new CheckConfig(
                type,
                interval,
                section.get(CheckKeys.FAST_INTERVAL),
                section.get(CheckKeys.DOWN_INTERVAL),
                timeout,
                section.get(CheckKeys.RISE, CheckConfig.TCP.rise()),
                section.get(CheckKeys.FALL, CheckConfig.TCP.fall()),
                section.get(CheckKeys.PORT, 0),
                section.get(CheckKeys.ADDRESS),
                section.get(CheckKeys.SOURCE),
                section.get(CheckKeys.PATH),
                section.get(CheckKeys.DAMPING, true),
                spec(type));
    }

    private Duration timeout(final Duration interval) {
        final Duration timeout = section.get(CheckKeys.TIMEOUT, CheckConfig.TCP.timeout());
        if (timeout.compareTo(interval) <= 0) {
            return timeout;
        }
        if (section.has(CheckKeys.TIMEOUT)) {
            section.error(
                    CheckKeys.TIMEOUT,
                    Types.format(timeout)
                            + " is longer than the interval of "
                            + Types.format(interval),
                    "a check must be over before the next one starts");
        }

        return interval;
    }

    private void checkKeysFit(final CheckType type) {
        if (type == CheckType.NONE) {
            return; // keys are kept for the day when it is checked again
        }
        for (final Key<CheckConfig, ?> key : CheckKeys.CHECK.keys()) {
            final Set<CheckType> kinds = CheckKeys.kindsOf(key);
            if (section.has(key) && !kinds.contains(type)) {
                section.error(
                        key,
                        "a " + word(type) + " check has no '" + key.name() + "'",
                        "it is for " + words(kinds));
            }
        }
    }

    private static String words(final Set<CheckType> kinds) {
        return kinds.stream().map(CheckAssembler::word).collect(Collectors.joining(", "));
    }

    private static String word(final CheckType type) {
        return type.name().toLowerCase(Locale.ROOT);
    }

    private CheckSpec spec(final CheckType type) {
        return switch (type) {
            case PING -> new CheckSpec.Ping();
            case TCP ->
                    new CheckSpec.Tcp(
                            section.get(CheckKeys.SEND, ""),
                            section.get(CheckKeys.EXPECT, ""),
                            section.get(CheckKeys.EXPECT_REGEX, ""));
            case UDP ->
                    new CheckSpec.Udp(
                            section.get(CheckKeys.SEND, ""),
                            section.get(CheckKeys.EXPECT, ""),
                            section.get(CheckKeys.EXPECT_REGEX, ""));
            case HTTP, HTTPS -> http(type);
            case DNS -> {
                need(CheckKeys.QUERY, "a dns check needs a name to ask for");
                yield new CheckSpec.Dns(
                        section.get(CheckKeys.QUERY, "."),
                        section.get(CheckKeys.RECORD, DnsTerms.RecordType.A).name(),
                        section.get(CheckKeys.RCODE, "NOERROR"));
            }
            case SCRIPT -> {
                need(CheckKeys.COMMAND, "a script check needs a program");
                yield new CheckSpec.Script(
                        section.get(CheckKeys.COMMAND, List.of("/bin/false")),
                        section.get(CheckKeys.USER, "nobody"));
            }
            case NONE -> null;
        };
    }

    private CheckSpec http(final CheckType type) {
        return new CheckSpec.Http(
                type == CheckType.HTTPS,
                section.get(CheckKeys.METHOD, "GET"),
                section.get(CheckKeys.URL, "/"),
                section.get(CheckKeys.HOST, ""),
                section.get(CheckKeys.HEADERS, List.of()),
                section.get(CheckKeys.STATUS, "200-299"),
                section.get(CheckKeys.BODY, ""),
                section.get(CheckKeys.BODY_REGEX, ""),
                section.get(CheckKeys.MAX_BODY, CheckKeys.MAX_BODY.defaultValue()),
                section.get(CheckKeys.SNI, ""),
                section.get(CheckKeys.VERIFY, false),
                section.get(CheckKeys.WARN_EXPIRY, Duration.ofDays(14)));
    }

    private void need(final Key<CheckConfig, ?> key, final String text) {
        if (!section.has(key)) {
            section.error(CheckKeys.TYPE, text, key.name() + ": " + key.example());
        }
    }
}
