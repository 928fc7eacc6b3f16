package io.naru.dataplane.neighbour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.naru.linux.netlink.Link;
import java.util.List;
import org.junit.jupiter.api.Test;

class KernelLinksTest {
    private static final Link ETH0 = link(2, "eth0", 0, 0);
    private static final Link ETH1 = link(3, "eth1", 0, 0);
    private static final Link ETH0_100 = link(4, "eth0.100", 100, 2);
    private static final Link ETH0_101 = link(5, "eth0.101", 101, 2);
    private static final Link ETH1_100 = link(6, "eth1.100", 100, 3);

    private final KernelLinks links =
            new KernelLinks(List.of(new Uplink("eth0", 100), new Uplink("eth1", 0)));

    @Test
    void shouldFindTheVlanDeviceOfAnUplinkInAVlan() {
        links.reset(List.of(ETH1_100, ETH0_101, ETH0_100, ETH1, ETH0));

        assertEquals(ETH0_100, links.kernelSideOf(new Uplink("eth0", 100)));
        assertEquals(0, links.uplinkOf(ETH0_100.index()));
        assertEquals(KernelLinks.NONE, links.uplinkOf(ETH0.index()), "its untagged side");
        assertEquals(KernelLinks.NONE, links.uplinkOf(ETH0_101.index()), "another VLAN");
    }

    @Test
    void shouldTakeNoVlanDeviceForAnUplinkInNone() {
        links.reset(List.of(ETH0, ETH1, ETH1_100));

        assertEquals(1, links.uplinkOf(ETH1.index()));
        assertEquals(KernelLinks.NONE, links.uplinkOf(ETH1_100.index()));
    }

    @Test
    void shouldTakeTheInterfaceItselfWhileThereIsNoVlanDevice() {
        links.reset(List.of(ETH0, ETH1));
        assertEquals(0, links.uplinkOf(ETH0.index()));

        links.put(ETH0_100);
        assertEquals(0, links.uplinkOf(ETH0_100.index()));
        assertEquals(KernelLinks.NONE, links.uplinkOf(ETH0.index()));

        links.remove(ETH0_100);
        assertEquals(0, links.uplinkOf(ETH0.index()));
    }

    @Test
    void shouldFindNothingOfAnInterfaceThatIsGone() {
        links.reset(List.of(ETH0_100, ETH1));

        assertNull(links.kernelSideOf(new Uplink("eth0", 100)));
        assertEquals(KernelLinks.NONE, links.uplinkOf(ETH0_100.index()));
        assertEquals(KernelLinks.NONE, links.uplinkOf(77));
    }

    private static Link link(
            final int index, final String name, final int vlan, final int lowerIndex) {
        return new Link(
                index,
                name,
                0x0100_0000_0002L,
                1_500,
                0,
                vlan == 0 ? "" : "vlan",
                vlan,
                lowerIndex,
                0,
                "",
                1,
                1,
                Link.XdpMode.NONE,
                0);
    }
}
