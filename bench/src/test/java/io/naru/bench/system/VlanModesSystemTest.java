package io.naru.bench.system;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.naru.bench.topology.Site;
import io.naru.bench.topology.Topology;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** Every mode, between clients in one VLAN and servers in another. */
class VlanModesSystemTest extends ModesSystemTest {
    private static final int FRONT_VLAN = 100;
    private static final int BACK_VLAN = 200;

    private Capture front;
    private Capture back;

    VlanModesSystemTest() {
        super("naru-vlan", Topology.ROUTED);
    }

    @Override
    void change(final Site site) {
        site.withFrontVlan(FRONT_VLAN).withBackVlan(BACK_VLAN);
    }

    @Override
    List<Capture> captureWhatIsSent(final Site site, final Path directory) {
        front = Capture.received(site.edge(), directory, "eth1");
        back = Capture.received(site.zwitch(), directory, "lb-eth1");
        return List.of(front, back);
    }

    @Test
    @Order(Integer.MAX_VALUE)
    void shouldHaveTaggedEveryFrame() {
        assertEquals(0, front.count("!vlan || vlan.id != " + FRONT_VLAN), front::toString);
        assertEquals(0, back.count("!vlan || vlan.id != " + BACK_VLAN), back::toString);
    }
}
