package io.naru.controlplane.config;

import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.TunnelSpec;
import java.util.List;

/** The keys of a tunnel, and the record that they make. */
final class TunnelKeys {
    static final Key<TunnelConfig, AddressPrefix> SOURCE =
            Key.<TunnelConfig, AddressPrefix>of(
                            "source",
                            AddressTypes.prefix(true),
                            "Outer source towards backends with an IPv4 address; of a prefix the"
                                    + " rest is derived from the flow, so that receivers spread"
                                    + " flows over their queues.")
                    .component(TunnelConfig::source)
                    .defaultText("the address of the interface")
                    .example("10.9.0.0/16");
    static final Key<TunnelConfig, AddressPrefix> SOURCE_6 =
            Key.<TunnelConfig, AddressPrefix>of(
                            "source-ipv6",
                            AddressTypes.prefix(false),
                            "The same towards backends with an IPv6 address.")
                    .component(TunnelConfig::source6)
                    .defaultText("the address of the interface")
                    .example("2001:db8:9::/64");
    static final Key<TunnelConfig, Long> KEY =
            Key.<TunnelConfig, Long>of(
                            "key",
                            Types.wholeLong(0, 0xffff_ffffL),
                            "Key of the GRE header (RFC 2890).")
                    .component(TunnelConfig::key)
                    .absentAs(TunnelSpec.NO_KEY)
                    .defaultText("none")
                    .example("7");
    static final Key<TunnelConfig, Boolean> CHECKSUM =
            Key.<TunnelConfig, Boolean>of(
                            "checksum",
                            Types.flag(),
                            "Whether the GRE header has a checksum; Linux drops such packets"
                                    + " unless its tunnel has icsum.")
                    .component(TunnelConfig::checksum)
                    .defaultsQuietlyTo(false)
                    .example("true");
    static final Key<TunnelConfig, TunnelConfig.Dscp> DSCP =
            Key.<TunnelConfig, TunnelConfig.Dscp>of(
                            "dscp",
                            Types.choice(TunnelConfig.Dscp.class),
                            "Whether the outer packet has the class of service of the inner one.")
                    .component(TunnelConfig::dscp)
                    .defaultsTo(TunnelConfig.Dscp.COPY)
                    .example("zero");
    static final ObjectType<TunnelConfig> TUNNEL =
            new ObjectType<>(
                    "a tunnel",
                    "How the packets of a service with mode dsr-gre or dsr-ipip are wrapped.",
                    List.of(SOURCE, SOURCE_6, KEY, CHECKSUM, DSCP),
                    null);

    private TunnelKeys() {}

    /**
     * The tunnel of a service.
     *
     * @param mode of the service, null if it is not known.
     */
    static TunnelConfig assemble(final Section section, final Mode mode) {
        if (section == null) {
            return TunnelConfig.DEFAULT;
        }

        if (mode == Mode.DSR_IPIP) {
            for (final Key<TunnelConfig, ?> key : List.of(KEY, CHECKSUM)) {
                if (section.has(key)) {
                    section.error(key, "belongs to GRE, and the mode is " + mode.label(), null);
                }
            }
        }

        return new TunnelConfig(
                section.get(SOURCE),
                section.get(SOURCE_6),
                section.orDefault(KEY),
                section.orDefault(CHECKSUM),
                section.orDefault(DSCP));
    }
}
