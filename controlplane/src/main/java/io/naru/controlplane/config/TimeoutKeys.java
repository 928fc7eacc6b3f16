package io.naru.controlplane.config;

import java.time.Duration;
import java.util.List;

/** The keys of a service's timeouts, and the record that they make. */
final class TimeoutKeys {
    static final Key<TimeoutsConfig, Duration> TCP_OPENING =
            timeout("tcp-opening", "A TCP flow whose handshake is not complete.", "4m", "30s")
                    .component(TimeoutsConfig::tcpOpening);
    static final Key<TimeoutsConfig, Duration> TCP_ESTABLISHED =
            timeout("tcp-established", "An open TCP flow.", "2h4m", "4h")
                    .component(TimeoutsConfig::tcpEstablished);
    static final Key<TimeoutsConfig, Duration> TCP_CLOSING =
            timeout("tcp-closing", "A TCP flow after the first FIN.", "4m", "1m")
                    .component(TimeoutsConfig::tcpClosing);
    static final Key<TimeoutsConfig, Duration> UDP =
            timeout("udp", "A UDP flow; one that was never answered, 2m at most.", "5m", "2m")
                    .component(TimeoutsConfig::udp);
    static final ObjectType<TimeoutsConfig> TIMEOUTS =
            new ObjectType<>(
                    "timeouts",
                    "How long the flows of a service may be idle before they are forgotten, in"
                            + " whole seconds.",
                    List.of(TCP_OPENING, TCP_ESTABLISHED, TCP_CLOSING, UDP),
                    null);

    private TimeoutKeys() {}

    private static Key<TimeoutsConfig, Duration> timeout(
            final String name, final String doc, final String standard, final String example) {
        return Key.<TimeoutsConfig, Duration>of(name, Types.flowTimeout(), doc)
                .absentAs(Duration.ZERO)
                .defaultText(standard)
                .example(example);
    }

    static TimeoutsConfig assemble(final Section section) {
        return section == null
                ? TimeoutsConfig.DEFAULT
                : new TimeoutsConfig(
                        section.orDefault(TCP_OPENING),
                        section.orDefault(TCP_ESTABLISHED),
                        section.orDefault(TCP_CLOSING),
                        section.orDefault(UDP));
    }
}
