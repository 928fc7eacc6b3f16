package io.naru.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.CommandProxy;
import io.naru.dataplane.protocol.DesiredState;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Limits;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.ServiceSpec;
import io.naru.dataplane.service.ForwardingTable;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How the conductor takes a whole configuration, or refuses it. */
class ConductorConfigTest extends ConductorFixture {
    @Test
    void shouldAnswerConfigWhenEveryWorkerHasAdoptedIt() {
        final long correlationId = client.send(web(7, backend("s1", BackendState.UP)), TIMEOUT_NS);
        conductor.doWork();
        poll();
        assertEquals(List.of(), events);
        assertEquals(0, client.cncFile().appliedEpoch());

        workers[0].doWork();
        conductor.doWork();
        poll();
        assertEquals(List.of(), events);

        workers[1].doWork();
        conductor.doWork();
        poll();
        assertEquals(List.of(correlationId + " done 1"), events);
        assertEquals(1, client.cncFile().appliedEpoch());
        assertEquals(7, client.cncFile().configRevision());
        assertEquals(1, client.directory().workers().get(1).epoch());
        assertEquals(1, workers[0].table().epoch());
        assertEquals(0, workers[0].table().serviceOf(net("192.0.2.10"), 6, port(80)));
        assertSame(workers[0].table(), workers[1].table());
    }

    @Test
    void shouldHaveTheDirectoryOfATableBeforeAnyWorkerCanAdoptIt() {
        apply(web(1, backend("s1", BackendState.UP)));
        client.send(web(2, backend("s1", BackendState.DRAIN)), TIMEOUT_NS);

        conductor.doWork();

        assertEquals(1, client.cncFile().appliedEpoch());
        assertEquals(1, client.cncFile().configRevision());
        assertEquals(BackendState.DRAIN, client.directory().backend(0).spec().state());
    }

    @Test
    void shouldLetPacketsInBeforeTableIsSentAndShutThemOutAfterAllAdopted() {
        apply(web(1, backend("s1", BackendState.UP)));
        filter.seen.clear();
        workers[0].seen.clear();

        client.send(
                new DesiredState(
                        2,
                        List.of("dns"),
                        List.of(backend("dns", "d1", "10.3.0.1", BackendState.UP)),
                        List.of(service("dns", "192.0.2.53", 53, "dns"))),
                TIMEOUT_NS);
        conductor.doWork();
        assertEquals(1, filter.seen.size());
        assertTrue(filter.seen.get(0).startsWith("add"));

        workers[0].doWork();
        conductor.doWork();
        assertEquals(1, filter.seen.size());

        workers[1].doWork();
        conductor.doWork();
        assertEquals(2, filter.seen.size());
        assertEquals(1, filter.retained.services().size());
        // a backend that was up keeps its flows, but the service it was for is gone
        assertEquals(1, filter.retained.backends().size());
    }

    @Test
    void shouldRefuseConfigThatContradictsItselfAndKeepRunningOne() {
        apply(web(1, backend("s1", BackendState.UP)));
        final ForwardingTable running = workers[0].table();

        assertRefused(
                "service dns: there is no pool dns",
                new DesiredState(
                        2,
                        List.of("web"),
                        List.of(),
                        List.of(service("dns", "192.0.2.53", 53, "dns"))));
        assertRefused(
                "backend s1: there is no pool web",
                new DesiredState(2, List.of(), List.of(backend("s1", BackendState.UP)), List.of()));
        assertRefused(
                "service two: port is 80, expected one that service one does not have",
                new DesiredState(
                        2,
                        List.of("web"),
                        List.of(),
                        List.of(
                                service("one", "192.0.2.10", 80, "web"),
                                service("two", "192.0.2.10", 80, "web"))));
        assertRefused(
                "pool web is there twice",
                new DesiredState(2, List.of("web", "web"), List.of(), List.of()));
        assertRefused(
                "backend web/s1 is there twice",
                web(2, backend("s1", BackendState.UP), backend("s1", BackendState.DOWN)));

        assertSame(running, workers[0].table());
        assertEquals(1, client.cncFile().appliedEpoch());
        assertEquals(1, client.cncFile().configRevision());
        assertEquals(List.of("web"), serviceNames());
    }

    @Test
    void shouldRefuseConfigThatKernelRefuses() {
        apply(web(1, backend("s1", BackendState.UP)));
        filter.refusal = new IllegalStateException("bpf(BPF_MAP_UPDATE_ELEM): no space");

        final long correlationId =
                client.send(
                        web(2, backend("s1", BackendState.UP), backend("s2", BackendState.UP)),
                        TIMEOUT_NS);
        run();

        assertEquals(
                List.of(
                        correlationId
                                + " failed java.lang.IllegalStateException:"
                                + " bpf(BPF_MAP_UPDATE_ELEM): no space"),
                events);
        assertEquals(1, client.cncFile().appliedEpoch());
        assertTrue(client.cncFile().lastError().contains("no space"));
        assertEquals(1, client.stats().errors().size());

        filter.refusal = null;
        apply(web(3, backend("s1", BackendState.UP), backend("s2", BackendState.UP)));
        assertEquals(2, client.cncFile().appliedEpoch());
    }

    @Test
    void shouldDoNothingWhenControlPlaneSendsWhatIsRunning() {
        final DesiredState state = web(1, backend("s1", BackendState.UP));
        apply(state);
        final ForwardingTable running = workers[0].table();
        final int filtered = filter.seen.size();

        final long correlationId = client.send(web(2, backend("s1", BackendState.UP)), TIMEOUT_NS);
        run();

        assertEquals(List.of(correlationId + " done 1"), events);
        assertSame(running, workers[0].table());
        assertEquals(filtered, filter.seen.size());
        assertEquals(2, client.cncFile().configRevision());
    }

    @Test
    void shouldGiveUpConfigThatItsClientDidNotCommit() {
        final CommandProxy commands = client.commands();
        assertTrue(commands.beginConfig(100, 1, 0, 1, 0, 0));
        assertTrue(commands.putPool(100, "web"));
        final long correlationId = client.send(web(2, backend("s1", BackendState.UP)), TIMEOUT_NS);
        run();

        assertEquals(
                List.of(
                        "100 failed another configuration was begun before this one was committed",
                        correlationId + " done 1"),
                events);
    }

    @Test
    void shouldSendOneRefusalOfConfig() {
        final CommandProxy commands = client.commands();
        assertTrue(commands.beginConfig(100, 1, 1, 1, 1, 0));
        assertTrue(commands.putPool(100, "web"));
        assertTrue(commands.putPool(100, "web2"));
        assertTrue(commands.putPool(100, "bad\nname"));
        assertTrue(commands.commitConfig(100));
        assertTrue(commands.commitConfig(101));
        run();

        assertEquals(
                List.of(
                        "100 failed more pools than the 1 announced",
                        "101 failed there is no configuration to commit"),
                events);
    }

    @Test
    void shouldRefuseConfigOfWhichPartsAreMissing() {
        final CommandProxy commands = client.commands();
        assertTrue(commands.beginConfig(100, 1, 1, 1, 1, 0));
        assertTrue(commands.putPool(100, "web"));
        assertTrue(commands.commitConfig(100));
        run();

        assertEquals(
                List.of(
                        "100 failed 1 services, 1 pools and 1 backends were announced,"
                                + " but 0, 1 and 0 came"),
                events);
    }

    @Test
    void shouldApplyAsManyBackendsAsThereMayBe() {
        final List<BackendSpec> backends = new ArrayList<>();
        for (int i = 0; i < Limits.MAX_BACKENDS; i++) {
            backends.add(
                    new BackendSpec(
                            "web",
                            "s" + i,
                            IpAddress.ipv4(0x0a000001 + i),
                            80,
                            1,
                            BackendState.UP));
        }
        final Thread sender =
                new Thread(
                        () ->
                                client.send(
                                        new DesiredState(
                                                1,
                                                List.of("web"),
                                                backends,
                                                List.of(service("web", "192.0.2.10", 80, "web"))),
                                        TIMEOUT_NS * 10));
        sender.start();
        while (client.cncFile().appliedEpoch() == 0) {
            conductor.doWork();
            workers[0].doWork();
            workers[1].doWork();
        }
        run();

        assertEquals(Limits.MAX_BACKENDS, client.directory().backends().size());
        assertEquals(1, events.size());
    }

    @Test
    void shouldRefuseConfigThatMemoryIsNotMeantFor() {
        final List<ServiceSpec> services = new ArrayList<>();
        for (int i = 0; i <= Limits.MAX_HASH_TABLES; i++) {
            services.add(
                    new ServiceSpec(
                            "s" + i,
                            IpAddress.parse("192.0.2.10"),
                            Protocol.TCP,
                            1 + i,
                            1 + i,
                            Mode.NAT,
                            Algorithm.MAGLEV,
                            "web",
                            ServiceSpec.Timeouts.DEFAULT));
        }
        assertRefused(
                "the services need 513 hash tables (sh, sh-port, dh, maglev; a large one of maglev"
                        + " counts as 10), at most 512 are possible",
                new DesiredState(1, List.of("web"), List.of(), services));

        final List<BackendSpec> backends = new ArrayList<>();
        for (int i = 0; i < 1_024; i++) {
            backends.add(
                    new BackendSpec(
                            "web", "b" + i, IpAddress.ipv4(0x0a000001 + i), 0, 1, BackendState.UP));
        }
        assertRefused(
                "the services have 525312 backends together, at most 262144 are possible",
                new DesiredState(1, List.of("web"), backends, services));
    }

    private void assertRefused(final String text, final DesiredState state) {
        final long correlationId = client.send(state, TIMEOUT_NS);
        run();
        assertEquals(List.of(correlationId + " failed " + text), events);
        events.clear();
    }

    private List<String> serviceNames() {
        return client.directory().services().stream().map(info -> info.spec().name()).toList();
    }
}
