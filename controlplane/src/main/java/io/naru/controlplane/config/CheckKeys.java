package io.naru.controlplane.config;

import io.naru.dataplane.protocol.IpAddress;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The keys of a check, and the record that they make; what is asked of a backend is in {@link
 * CheckSpecKeys}.
 */
final class CheckKeys {
    private static final Set<CheckType> WITH_SOCKET =
            EnumSet.complementOf(EnumSet.of(CheckType.NONE, CheckType.SCRIPT));
    private static final Set<CheckType> WITH_PORT =
            EnumSet.complementOf(EnumSet.of(CheckType.NONE, CheckType.PING));

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
                    .component(CheckConfig::damping)
                    .defaultsQuietlyTo(true)
                    .example("false");
    static final Key<CheckConfig, Integer> PORT =
            Key.<CheckConfig, Integer>of(
                            "port", Types.wholeNumber(1, 65_535), "The port that is checked.")
                    .component(CheckConfig::port)
                    .absentAs(0)
                    .defaultText("the backend's port, else the service's")
                    .example("8081");
    static final Key<CheckConfig, IpAddress> ADDRESS =
            Key.<CheckConfig, IpAddress>of(
                            "address",
                            AddressTypes.address(),
                            "The address that is checked in place of each backend's own; one check"
                                    + " then decides about all of them.")
                    .component(CheckConfig::address)
                    .defaultText("the backend's")
                    .example("10.2.9.1");
    static final Key<CheckConfig, IpAddress> SOURCE =
            Key.<CheckConfig, IpAddress>of(
                            "source",
                            AddressTypes.address(),
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
    static final ObjectType<CheckConfig> CHECK =
            new ObjectType<>(
                    "a check",
                    "The health check of a pool's backends; `docs/health.md` has an example of each"
                            + " kind. The type alone (check: none) is enough.",
                    Stream.concat(
                                    Stream.of(
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
                                            PATH),
                                    CheckSpecKeys.ALL.stream())
                            .toList(),
                    new KeyShorthand<>(TYPE));

    private CheckKeys() {}

    /** A pool that is not checked has nothing but the type. */
    private static <T> Function<CheckConfig, T> onlyIfChecked(
            final Function<CheckConfig, T> component) {
        return check -> check.type() == CheckType.NONE ? null : component.apply(check);
    }

    static CheckConfig assemble(final Section section) {
        final CheckType type = section.orDefault(TYPE);
        final Duration interval = section.orDefault(INTERVAL);
        final Duration timeout =
                section.timeout(
                        TIMEOUT, interval, "a check must be over before the next one starts");
        if (type == CheckType.NONE) {
            return CheckConfig.NONE; // other keys are kept for the day when it is checked again
        }

        if (section.get(TYPE) != null) {
            checkKeysFit(section, type);
        }
        if (section.get(ADDRESS) != null && section.get(PATH) == CheckPath.VIP) {
            section.error(
                    ADDRESS,
                    "another address cannot be checked by way of the VIP",
                    "path: backend, or no address");
        }

        return new CheckConfig(
                type,
                interval,
                section.get(FAST_INTERVAL),
                section.get(DOWN_INTERVAL),
                timeout,
                section.orDefault(RISE),
                section.orDefault(FALL),
                section.orDefault(PORT),
                section.get(ADDRESS),
                section.get(SOURCE),
                section.get(PATH),
                section.orDefault(DAMPING),
                CheckSpecKeys.assemble(section, type));
    }

    private static void checkKeysFit(final Section section, final CheckType type) {
        for (final Key<CheckConfig, ?> key : CHECK.keys()) {
            final Set<CheckType> kinds = kindsOf(key);
            if (section.has(key) && !kinds.contains(type)) {
                section.error(
                        key,
                        "a " + word(type) + " check has no '" + key.name() + "'",
                        "it is for "
                                + kinds.stream()
                                        .map(CheckKeys::word)
                                        .collect(Collectors.joining(", ")));
            }
        }
    }

    /** The kinds of check that have a key. */
    private static Set<CheckType> kindsOf(final Key<CheckConfig, ?> key) {
        if (key == PORT) {
            return WITH_PORT;
        }

        return key == SOURCE || key == PATH ? WITH_SOCKET : CheckSpecKeys.kindsOf(key);
    }

    private static String word(final CheckType type) {
        return type.name().toLowerCase(Locale.ROOT);
    }
}
