package io.naru.controlplane.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.naru.controlplane.config.ConfigException;
import io.naru.controlplane.config.ConfigReader;
import io.naru.controlplane.health.way.Way;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.TunnelSpec;
import java.util.List;
import org.junit.jupiter.api.Test;

/** By which ways the backend of a pool is checked: one for each that packets take to it. */
class CheckWaysTest {
    private static final String HEAD =
            """
            topology: one-arm
            interfaces: [eth0]
            local-addresses: [10.2.0.100]
            services:
            """;
    private static final IpAddress BACKEND = IpAddress.parse("10.2.0.1");
    private static final IpAddress VIP = IpAddress.parse("192.0.2.20");
    private static final IpAddress OTHER_VIP = IpAddress.parse("192.0.2.21");

    @Test
    void shouldCheckTheBackendItselfWhereItDoesNotHaveTheVip() throws ConfigException {
        assertEquals(List.of(Way.DIRECT), ways(service("web", "20", "full-nat"), ""));
    }

    @Test
    void shouldCheckTheVipOnTheBackendInDsrModes() throws ConfigException {
        assertEquals(
                List.of(new Way(Mode.DSR_L2, VIP, BACKEND, TunnelSpec.DEFAULT)),
                ways(service("web", "20", "dsr-l2"), ""));
    }

    @Test
    void shouldTakeTheServicesOwnTunnel() throws ConfigException {
        assertEquals(
                List.of(
                        new Way(
                                Mode.DSR_GRE,
                                VIP,
                                BACKEND,
                                new TunnelSpec(
                                        IpAddress.parse("10.9.0.0"),
                                        16,
                                        IpAddress.NONE,
                                        128,
                                        7,
                                        true,
                                        true))),
                ways(
                        service("web", "20", "dsr-gre")
                                + "    tunnel: { source: 10.9.0.0/16, key: 7, checksum: true }\n",
                        ""));
    }

    @Test
    void shouldCheckEachDifferentWayOnce() throws ConfigException {
        assertEquals(
                List.of(
                        new Way(Mode.DSR_L2, VIP, BACKEND, TunnelSpec.DEFAULT),
                        new Way(Mode.DSR_L2, OTHER_VIP, BACKEND, TunnelSpec.DEFAULT),
                        Way.DIRECT),
                ways(
                        service("web", "20", "dsr-l2")
                                + service("tls", "20", "dsr-l2").replace("port: 80", "port: 443")
                                + service("other", "21", "dsr-l2")
                                + service("nat", "22", "full-nat"),
                        ""));
    }

    @Test
    void shouldLeaveOutTheBackendItselfOrTheVipsWhenTold() throws ConfigException {
        final String services = service("web", "20", "dsr-l2") + service("nat", "22", "full-nat");

        assertEquals(List.of(Way.DIRECT), ways(services, ", path: backend"));
        assertEquals(
                List.of(new Way(Mode.DSR_L2, VIP, BACKEND, TunnelSpec.DEFAULT)),
                ways(services, ", path: vip"));
    }

    private static String service(final String name, final String host, final String mode) {
        return """
          - name: %s
            vip: 192.0.2.%s
            port: 80
            mode: %s
            pool: web
        """
                .formatted(name, host, mode);
    }

    private static List<Way> ways(final String services, final String checkKeys)
            throws ConfigException {
        final String pools =
                """
                pools:
                  - name: web
                    check: { type: tcp%s, port: 80 }
                    backends: [{ name: s1, address: 10.2.0.1 }]
                """
                        .formatted(checkKeys);
        return Targets.checks(ConfigReader.read("ways.yaml", HEAD + services + pools).orThrow())
                .get(new BackendName("web", "s1"))
                .ways();
    }
}
