package io.naru.controlplane.config;

import io.naru.controlplane.config.ScalarType.InvalidValueException;
import io.naru.controlplane.json.JsonObject;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Limits;
import java.util.List;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/** The keys of a backend and of a sorry server, and the record that they make. */
final class BackendKeys {
    static final Key<BackendConfig, String> NAME =
            Key.<BackendConfig, String>of(
                            "name",
                            Types.name(),
                            "Identity of the backend within its pool: a backend with another name"
                                    + " is another backend.")
                    .component(BackendConfig::name)
                    .defaultText("its address, with :port if it has one")
                    .example("s1");
    static final Key<BackendConfig, IpAddress> ADDRESS =
            Key.<BackendConfig, IpAddress>of(
                            "address", AddressTypes.address(), "The address of the real server.")
                    .component(BackendConfig::address)
                    .required()
                    .example("10.2.0.1");
    static final Key<BackendConfig, Integer> PORT =
            Key.<BackendConfig, Integer>of(
                            "port",
                            Types.wholeNumber(1, 65_535),
                            "The port of the real server. Services with a dsr mode, a range of"
                                    + " ports or any port cannot change it.")
                    .component(BackendConfig::port)
                    .absentAs(0)
                    .defaultText("the service's port")
                    .example("8080");
    static final Key<BackendConfig, Integer> WEIGHT =
            Key.<BackendConfig, Integer>of(
                            "weight",
                            Types.wholeNumber(0, Limits.MAX_WEIGHT),
                            "Share of new flows relative to the pool's other backends, for all"
                                    + " algorithms but rr and lc; 0 takes no new flow, whatever"
                                    + " the algorithm.")
                    .component(BackendConfig::weight)
                    .defaultsTo(100)
                    .example("200");
    static final Key<BackendConfig, AdminState> STATE =
            Key.<BackendConfig, AdminState>of(
                            "state",
                            Types.choice(AdminState.class),
                            "up: takes part while its check passes. drain: keeps its flows, takes"
                                    + " no new ones. down: gets nothing.")
                    .component(BackendConfig::state)
                    .defaultsTo(AdminState.UP)
                    .example("drain");
    static final Key<BackendConfig, Boolean> BACKUP =
            Key.<BackendConfig, Boolean>of(
                            "backup",
                            Types.flag(),
                            "Whether it takes new flows only while none of the others is up.")
                    .component(backend -> backend.role() == Role.BACKUP)
                    .defaultsQuietlyTo(false)
                    .example("true");
    static final Key<BackendConfig, Integer> PRIORITY =
            Key.<BackendConfig, Integer>of(
                            "priority",
                            Types.wholeNumber(0, Limits.MAX_PRIORITY),
                            "For the algorithms fo and ovf, which prefer the higher; the others do"
                                    + " not look at it.")
                    .component(BackendConfig::priority)
                    .defaultsQuietlyTo(BackendSpec.DEFAULT_PRIORITY)
                    .example("200");
    static final Key<BackendConfig, Integer> MAX_FLOWS =
            Key.<BackendConfig, Integer>of(
                            "max-flows",
                            Types.flowLimit(),
                            "Flows that it may have at once, of all services together; what"
                                    + " happens beyond is the service's 'at-limit'.")
                    .component(BackendConfig::maxFlows)
                    .absentAs(BackendSpec.NO_LIMIT)
                    .defaultText("no limit")
                    .example("10k");
    static final Key<BackendConfig, Integer> MAX_FLOW_RATE =
            Key.<BackendConfig, Integer>of(
                            "max-flow-rate",
                            Types.flowLimit(),
                            "New flows that it may get in a second.")
                    .component(BackendConfig::maxFlowRate)
                    .absentAs(BackendSpec.NO_LIMIT)
                    .defaultText("no limit")
                    .example("500");
    static final ObjectType<BackendConfig> BACKEND =
            new ObjectType<>(
                    "a backend",
                    "One real server. Its address alone, or address:port, is enough.",
                    List.of(
                            NAME,
                            ADDRESS,
                            PORT,
                            WEIGHT,
                            STATE,
                            BACKUP,
                            PRIORITY,
                            MAX_FLOWS,
                            MAX_FLOW_RATE),
                    new Shorthand());
    static final ObjectType<BackendConfig> SORRY_SERVER =
            new ObjectType<>(
                    "a server",
                    "The server that serves when nobody else does. Its address alone, or"
                            + " address:port, is enough.",
                    List.of(ADDRESS, PORT),
                    new Shorthand());

    private BackendKeys() {}

    /** A backend that a pool lists. */
    static BackendConfig assemble(final Section section) {
        final IpAddress address = section.get(ADDRESS);
        final int port = section.orDefault(PORT);
        final String standard = address == null ? null : standardName(address, port);
        return new BackendConfig(
                section.has(NAME) ? section.get(NAME) : standard,
                address,
                port,
                section.orDefault(WEIGHT),
                section.orDefault(STATE),
                section.orDefault(BACKUP) ? Role.BACKUP : Role.REGULAR,
                section.orDefault(PRIORITY),
                section.orDefault(MAX_FLOWS),
                section.orDefault(MAX_FLOW_RATE));
    }

    private static String standardName(final IpAddress address, final int port) {
        if (port == 0) {
            return address.toString();
        }

        return address + (address.isIpv4() ? ":" : ".") + port; // 2001:db8::1.80, as tcpdump does
    }

    /** A sorry server; null where there is none, or none that can be used. */
    static BackendConfig assembleSorryServer(final Section section) {
        final IpAddress address = section == null ? null : section.get(ADDRESS);
        return address == null
                ? null
                : new BackendConfig(
                        PoolConfig.SORRY_NAME,
                        address,
                        section.orDefault(PORT),
                        WEIGHT.defaultValue(),
                        AdminState.UP,
                        Role.SORRY,
                        BackendSpec.DEFAULT_PRIORITY,
                        BackendSpec.NO_LIMIT,
                        BackendSpec.NO_LIMIT);
    }

    /** {@code 10.2.0.1}, {@code 10.2.0.1:8080}, {@code 2001:db8::1}, {@code [2001:db8::1]:80}. */
    private static final class Shorthand implements ObjectType.Shorthand {
        @Override
        public boolean read(final ScalarNode node, final Section section, final Problems problems) {
            final String text = node.getValue();
            final boolean isBracketed = text.matches("\\[[^\\]]*\\]:.*");
            final int colon = isBracketed ? text.indexOf("]:") + 1 : text.indexOf(':');
            final boolean hasPort =
                    isBracketed || (colon > 0 && colon == text.lastIndexOf(':')); // else IPv6
            try {
                final IpAddress address =
                        AddressTypes.address(
                                isBracketed
                                        ? text.substring(1, colon - 1)
                                        : hasPort ? text.substring(0, colon) : text);
                section.put(ADDRESS, node, address);
            } catch (final InvalidValueException ex) {
                problems.error(
                        node,
                        section.path(),
                        ex.getMessage(),
                        "10.2.0.1, 10.2.0.1:8080 or [2001:db8::1]:8080");
                return false;
            }
            if (hasPort) {
                final int port = PortRange.parsePort(text.substring(colon + 1));
                if (port < 0) {
                    problems.error(
                            node,
                            section.path(),
                            "the port must be 1..65535, not '"
                                    + ScalarType.shorten(text.substring(colon + 1))
                                    + "'",
                            null);
                    return false;
                }
                section.put(PORT, node, port);
            }

            return true;
        }

        @Override
        public String label() {
            return "an address or address:port";
        }

        @Override
        public JsonObject schema() {
            return new JsonObject()
                    .put("type", "string")
                    .put(
                            "pattern",
                            "^([0-9]+(\\.[0-9]+){3}(:[0-9]+)?|[0-9a-fA-F:.]+|\\[[0-9a-fA-F:.]+\\]:[0-9]+)$");
        }
    }
}
