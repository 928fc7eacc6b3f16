package io.naru.controlplane.config;

import java.time.Duration;
import java.util.List;

/** The keys of an agent, and the record that they make. */
final class AgentKeys {
    static final Key<AgentConfig, Integer> PORT =
            Key.<AgentConfig, Integer>of(
                            "port",
                            Types.wholeNumber(1, 65_535),
                            "The port that the agent listens on, at the backend's address.")
                    .component(AgentConfig::port)
                    .required()
                    .example("5555");
    static final Key<AgentConfig, Duration> INTERVAL =
            Key.<AgentConfig, Duration>of(
                            "interval",
                            Types.duration(Duration.ofMillis(100), Duration.ofHours(1)),
                            "From one question to the next, give or take a tenth.")
                    .component(AgentConfig::interval)
                    .defaultsTo(AgentConfig.DEFAULT.interval())
                    .example("2s");
    static final Key<AgentConfig, Duration> TIMEOUT =
            Key.<AgentConfig, Duration>of(
                            "timeout",
                            Types.duration(Duration.ofMillis(10), Duration.ofMinutes(1)),
                            "After this time the agent has not answered, and what it said last"
                                    + " stays.")
                    .component(AgentConfig::timeout)
                    .defaultsTo(AgentConfig.DEFAULT.timeout())
                    .defaultText("1s, or the interval if that is shorter")
                    .example("500ms");
    static final ObjectType<AgentConfig> AGENT =
            new ObjectType<>(
                    "an agent",
                    "Asked by TCP, it answers with the line of HAProxy's agent-check. Its port alone"
                            + " is enough.",
                    List.of(PORT, INTERVAL, TIMEOUT),
                    new KeyShorthand<>(PORT));

    private AgentKeys() {}

    /** Null where no agent is asked. */
    static AgentConfig assemble(final Section section) {
        if (section == null) {
            return null;
        }

        final Duration interval = section.get(INTERVAL);
        return new AgentConfig(
                section.get(PORT, 1),
                interval,
                section.timeout(
                        TIMEOUT, interval, "an agent must have answered before it is asked again"));
    }
}
