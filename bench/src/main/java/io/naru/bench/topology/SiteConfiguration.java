package io.naru.bench.topology;

import java.util.List;

/** Configurations that serve a {@link Site}. */
public final class SiteConfiguration {
    /** Port of the basic configuration's one service. */
    public static final int WEB_PORT = 80;

    private static final int SERVER_PORT = 8080;
    private static final int FIRST_NEAR_SERVER_PORT = 5201;
    private static final String CHECK =
            "{ type: tcp, port: %d, interval: 500ms, timeout: 300ms, rise: 2, fall: 2 }"
                    .formatted(SERVER_PORT);

    private SiteConfiguration() {}

    /** The port that s1 serves the {@code near} services of a variant on. */
    public static int nearServerPort(final Variant variant) {
        return switch (variant) {
            case NAT -> FIRST_NEAR_SERVER_PORT;
            case FULL_NAT -> FIRST_NEAR_SERVER_PORT + 1;
            default -> variant.nearPort(); // a direct reply comes from the port that was called
        };
    }

    /** One service, {@code web}, with the three servers behind it. */
    public static String basic(final Site site, final Variant variant, final Family family) {
        final StringBuilder yaml = new StringBuilder(head(site, variant == Variant.FULL_NAT));
        service(yaml, site, "web", variant, family, "tcp", WEB_PORT, "web");
        yaml.append("pools:\n");
        pool(yaml, "web", webServers(site, variant, variant.backendFamily(family)));
        return yaml.toString();
    }

    /** The URL of the basic configuration's service. */
    public static String basicUrl(final Variant variant, final Family family) {
        return "http://%s/".formatted(family.inUrl(Site.vip(variant, family)));
    }

    /**
     * Every mode that the topology has, in both families, each with the services {@code web} (TCP,
     * all servers), {@code near} (TCP and UDP, only s1) and {@code far} (TCP, only the far server).
     */
    public static String everything(final Site site) {
        final StringBuilder yaml =
                new StringBuilder(head(site, site.topology().serves(Variant.FULL_NAT)));
        for (final Variant variant : Variant.values()) {
            for (final Family family : Family.values()) {
                if (site.topology().serves(variant)) {
                    services(yaml, site, variant, family);
                }
            }
        }

        yaml.append("pools:\n");
        for (final Family family : Family.values()) {
            for (final Variant variant : List.of(Variant.NAT, Variant.FULL_NAT, Variant.DSR_L2)) {
                if (!site.topology().serves(variant)) {
                    continue;
                }

                final String suffix = suffix(variant, family);
                pool(yaml, "web" + suffix, webServers(site, variant, family));
                pool(
                        yaml,
                        "near" + suffix,
                        backend(
                                "s1",
                                Site.serverAddress(family, 1),
                                port(variant, nearServerPort(variant))));
                if (site.topology() != Topology.BRIDGE) {
                    pool(
                            yaml,
                            "far" + suffix,
                            backend("far", Site.farAddress(family), port(variant, SERVER_PORT)));
                }
            }
        }

        return yaml.toString();
    }

    private static void services(
            final StringBuilder yaml, final Site site, final Variant variant, final Family family) {
        final String label = variant.label() + family.of("-4", "-6");
        final String pool = suffix(variant, variant.backendFamily(family));
        service(yaml, site, label, variant, family, "tcp", variant.webPort(), "web" + pool);
        service(
                yaml,
                site,
                label + "-near",
                variant,
                family,
                "tcp",
                variant.nearPort(),
                "near" + pool);
        service(
                yaml,
                site,
                label + "-udp",
                variant,
                family,
                "udp",
                variant.nearPort(),
                "near" + pool);
        if (variant != Variant.DSR_L2 && site.topology() != Topology.BRIDGE) {
            service(
                    yaml,
                    site,
                    label + "-far",
                    variant,
                    family,
                    "tcp",
                    variant.farPort(),
                    "far" + pool);
        }
    }

    private static String head(final Site site, final boolean hasLocalAddresses) {
        return """
        topology: %s
        interfaces: %s
        %sdataplane:
          flow-capacity: 64k
        services:
        """
                .formatted(
                        site.topology().title(),
                        site.interfaces(),
                        hasLocalAddresses
                                ? "local-addresses: [%s, \"%s\"]%n"
                                        .formatted(
                                                Site.localAddress(Family.IPV4),
                                                Site.localAddress(Family.IPV6))
                                : "");
    }

    private static void service(
            final StringBuilder yaml,
            final Site site,
            final String name,
            final Variant variant,
            final Family family,
            final String protocol,
            final int port,
            final String pool) {
        yaml.append(
                """
                  - name: %s
                    vip: "%s"
                    port: %d
                    protocol: %s
                    mode: %s
                    algorithm: rr
                    pool: %s
                """
                        .formatted(
                                name,
                                Site.vip(variant, family),
                                port,
                                protocol,
                                variant.mode(),
                                pool));
        if (variant.isTunnel() && site.topology() == Topology.BRIDGE) {
            yaml.append(
                    "    tunnel: { source: 10.2.0.254, source-ipv6: \"2001:db8::fe\" }%n"
                            .formatted());
        }
    }

    private static void pool(final StringBuilder yaml, final String name, final String backends) {
        yaml.append(
                "  - name: %s%n    check: %s%n    backends:%n%s".formatted(name, CHECK, backends));
    }

    private static String webServers(final Site site, final Variant variant, final Family family) {
        final StringBuilder backends = new StringBuilder();
        for (int i = 1; i <= site.servers().size(); i++) {
            backends.append(
                    backend("s" + i, Site.serverAddress(family, i), port(variant, SERVER_PORT)));
        }

        return backends.toString();
    }

    private static String backend(final String name, final String address, final String port) {
        return "      - { name: %s, address: \"%s\"%s }%n".formatted(name, address, port);
    }

    /** Direct replies come from the port that the client called: such backends have none. */
    private static String port(final Variant variant, final int port) {
        return variant.isDirectReturn() ? "" : ", port: " + port;
    }

    private static String suffix(final Variant variant, final Family family) {
        return "-%s-%s"
                .formatted(
                        variant.isDirectReturn() ? "direct" : variant.mode(), family.of("4", "6"));
    }
}
