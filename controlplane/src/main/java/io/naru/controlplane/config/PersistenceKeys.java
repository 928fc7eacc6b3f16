package io.naru.controlplane.config;

import java.time.Duration;
import java.util.List;

/** The keys of persistence, and the record that they make. */
final class PersistenceKeys {
    static final Key<PersistenceConfig, Duration> TIMEOUT =
            Key.<PersistenceConfig, Duration>of(
                            "timeout",
                            Types.flowTimeout(),
                            "A client is forgotten this long after its latest new flow, in whole"
                                    + " seconds.")
                    .component(PersistenceConfig::timeout)
                    .required()
                    .example("10m");
    static final Key<PersistenceConfig, Integer> PREFIX =
            Key.<PersistenceConfig, Integer>of(
                            "prefix",
                            Types.wholeNumber(1, 32),
                            "Bits of an IPv4 address that make a client: 24 makes one client of a"
                                    + " network of 256 addresses.")
                    .component(PersistenceConfig::prefix)
                    .defaultsTo(PersistenceConfig.NONE.prefix())
                    .example("24");
    static final Key<PersistenceConfig, Integer> PREFIX_6 =
            Key.<PersistenceConfig, Integer>of(
                            "prefix-ipv6",
                            Types.wholeNumber(1, 128),
                            "The same of an IPv6 address; a site has often 64, a home 56.")
                    .component(PersistenceConfig::prefix6)
                    .defaultsTo(PersistenceConfig.NONE.prefix6())
                    .example("64");
    static final Key<PersistenceConfig, String> GROUP =
            Key.<PersistenceConfig, String>of(
                            "group",
                            Types.name(),
                            "Services with the same group remember clients together: a client has"
                                    + " the same machine on all their ports.")
                    .component(PersistenceConfig::group)
                    .defaultText("the service alone")
                    .example("shop");
    static final ObjectType<PersistenceConfig> PERSISTENCE =
            new ObjectType<>(
                    "persistence",
                    "All flows of a client go to one backend. The timeout alone (persistence: 10m)"
                            + " is enough.",
                    List.of(TIMEOUT, PREFIX, PREFIX_6, GROUP),
                    new KeyShorthand<>(TIMEOUT));

    private PersistenceKeys() {}

    static PersistenceConfig assemble(final Section section) {
        return section == null
                ? PersistenceConfig.NONE
                : new PersistenceConfig(
                        section.get(TIMEOUT, Duration.ZERO),
                        section.orDefault(PREFIX),
                        section.orDefault(PREFIX_6),
                        section.get(GROUP));
    }
}
