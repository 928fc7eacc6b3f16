package io.naru.linux.ethtool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.linux.Errno;
import io.naru.linux.LinuxException;
import io.naru.linux.TestNamespace;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class EthtoolTest {
    @Test
    void shouldDescribeVeth() throws Exception {
        try (TestNamespace box = TestNamespace.create("ethtool")) {
            box.sh("ip link add eth0 numrxqueues 3 numtxqueues 2 type veth peer name eth1");
            box.call(
                    () -> {
                        try (Ethtool ethtool = Ethtool.open()) {
                            assertEquals("veth", ethtool.driver("eth0").orElseThrow().driver());
                            final Channels channels = ethtool.channels("eth0").orElseThrow();
                            assertEquals(3, channels.maxRxQueues());
                            assertEquals(2, channels.maxTx());
                            assertTrue(channels.rxQueues() >= 1);
                            return null;
                        }
                    });
        }
    }

    @Test
    void shouldReadFeaturesAsEthtoolShowsThem() throws Exception {
        try (TestNamespace box = TestNamespace.create("features")) {
            box.sh("ip link add eth0 type veth peer name eth1");
            box.sh("ethtool -K eth0 tso off gro on");
            box.call(
                    () -> {
                        try (Ethtool ethtool = Ethtool.open()) {
                            final Map<String, Feature> features = ethtool.features("eth0");

                            assertFalse(features.get("tx-tcp-segmentation").active());
                            assertTrue(features.get("tx-tcp-segmentation").changeable());
                            assertTrue(features.get("rx-gro").active());
                            assertTrue(features.get("tx-checksum-ip-generic").isTxChecksum());
                            final Map<String, Boolean> shown = shownByEthtool(box);
                            assertEquals(
                                    shown,
                                    features.values().stream()
                                            .filter(f -> shown.containsKey(f.name()))
                                            .collect(
                                                    Collectors.toMap(
                                                            Feature::name, Feature::active)));
                            return null;
                        }
                    });
        }
    }

    @Test
    void shouldHaveNoAnswerWhereDriverHasNone() {
        try (Ethtool ethtool = Ethtool.open()) {
            assertEquals(Optional.empty(), ethtool.channels("lo"));
            assertEquals(Optional.empty(), ethtool.rings("lo"));
        }
    }

    @Test
    void shouldNameInterfaceThatIsNotThere() {
        try (Ethtool ethtool = Ethtool.open()) {
            final LinuxException error =
                    assertThrows(LinuxException.class, () -> ethtool.driver("nt-nothing"));

            assertEquals(Errno.ENODEV, error.errno());
            assertEquals("nt-nothing", error.object());
        }
    }

    /** Lines such as {@code tx-tcp-segmentation: off} or {@code rx-lro: off [fixed]}. */
    private static Map<String, Boolean> shownByEthtool(final TestNamespace box) {
        return box.sh("ethtool -k eth0")
                .lines()
                .map(String::strip)
                .filter(line -> line.matches("(tx-[a-z0-9-]+|rx-[a-z0-9-]+): (on|off).*"))
                // ethtool's own names for some of them, from before features had names.
                .filter(line -> !line.matches("[rt]x-(checksumming|vlan-offload): .*"))
                .collect(
                        Collectors.toMap(
                                line -> line.substring(0, line.indexOf(':')),
                                line -> line.contains(": on")));
    }
}
