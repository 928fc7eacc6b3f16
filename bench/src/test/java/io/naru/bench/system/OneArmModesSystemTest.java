package io.naru.bench.system;

import io.naru.bench.topology.Site;
import io.naru.bench.topology.Topology;
import java.nio.file.Path;
import java.util.List;

/** Every mode but {@code nat}, on one interface beside the path. */
class OneArmModesSystemTest extends ModesSystemTest {
    OneArmModesSystemTest() {
        super("naru-one", Topology.ONE_ARM);
    }

    @Override
    List<Capture> captureWhatIsSent(final Site site, final Path directory) {
        return List.of(Capture.received(site.zwitch(), directory, "lb-eth0"));
    }
}
