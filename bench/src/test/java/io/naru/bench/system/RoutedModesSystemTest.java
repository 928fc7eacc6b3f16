package io.naru.bench.system;

import io.naru.bench.topology.Site;
import io.naru.bench.topology.Topology;
import java.nio.file.Path;
import java.util.List;

/** Every mode, between the clients' network and the servers'. */
class RoutedModesSystemTest extends ModesSystemTest {
    RoutedModesSystemTest() {
        super("naru-rtd", Topology.ROUTED);
    }

    @Override
    List<Capture> captureWhatIsSent(final Site site, final Path directory) {
        return List.of(
                Capture.received(site.edge(), directory, "eth1"),
                Capture.received(site.zwitch(), directory, "lb-eth1"));
    }
}
