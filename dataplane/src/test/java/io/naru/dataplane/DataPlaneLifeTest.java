package io.naru.dataplane;

import static io.naru.dataplane.pipeline.Frame.SYN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.neighbour.FixedNeighbourhood;
import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.port.PacketPort;
import io.naru.dataplane.port.TrafficFilter;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.CncFileException;
import io.naru.dataplane.protocol.DataPlaneClient;
import io.naru.dataplane.protocol.FlowFilter;
import io.naru.dataplane.protocol.InterfaceInfo;
import io.naru.linux.memory.HugePages;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How a data plane starts, ends and fails. */
class DataPlaneLifeTest extends DataPlaneFixture {
    @Test
    void shouldRunOnThreadsAndSayWhenItStops() throws InterruptedException {
        edge = edge(2);
        dataPlane =
                DataPlane.launch(
                        new DataPlaneContext()
                                .runDirectory(runDirectory)
                                .edge(edge)
                                .neighbourhood(neighbours())
                                .flowCapacity(1_024)
                                .hugePages(HugePages.OFF)
                                .warmUpBursts(50));
        client = DataPlaneClient.open(runDirectory, answers);
        assertTrue(client.isAlive(System.currentTimeMillis()));

        final long correlationId = client.send(desired(1, BackendState.UP), TIMEOUT_NS);
        await("the answer", () -> answers.done.containsKey(correlationId));
        inject(fromClient("198.51.100.7:4321", SYN));
        await("the packet", () -> client.stats().backend(0).packetsToBackend() == 1);
        final int flows = query(FlowFilter.ALL).size();

        dataPlane.close();
        client.poll(1_000);

        assertEquals(1, flows);
        assertTrue(answers.isStopping);
        assertFalse(client.isAlive(System.currentTimeMillis()));
        assertTrue(client.cncFile().stoppedEpochMs() > 0);
        assertEquals("stopped", client.directory().worker(0).state());
        assertEquals(1, client.stats().backend(0).packetsToBackend(), "still there to read");
    }

    @Test
    void shouldSayWhyAndEndWhenWorkerFails() throws InterruptedException {
        final BrokenEdge broken = new BrokenEdge(edge(1));
        dataPlane =
                DataPlane.launch(
                        new DataPlaneContext()
                                .runDirectory(runDirectory)
                                .edge(broken)
                                .neighbourhood(neighbours())
                                .flowCapacity(1_024)
                                .hugePages(HugePages.OFF)
                                .warmUpBursts(0));
        client = DataPlaneClient.open(runDirectory, answers);
        assertFalse(dataPlane.hasFailed());

        broken.isBroken = true;
        dataPlane.awaitFailure();
        client.poll(100);

        assertTrue(dataPlane.hasFailed());
        assertEquals(
                "worker 0 failed: java.lang.IllegalStateException: the ring is gone",
                client.cncFile().lastError());
        assertEquals(
                List.of("0 java.lang.IllegalStateException: the ring is gone"), answers.failures);
        assertEquals("failed", client.directory().worker(0).state());
        assertTrue(client.stats().errors().get(0).text().contains("BrokenEdge"));
    }

    @Test
    void shouldRefuseRunDirectoryOfLivingDataPlane() {
        launch(1);

        final CncFileException refusal =
                assertThrows(
                        CncFileException.class,
                        () ->
                                DataPlane.launch(
                                        context(edge(1), 1_024)
                                                .neighbourhood(new FixedNeighbourhood())));

        assertTrue(
                refusal.getMessage().contains("pid " + ProcessHandle.current().pid()),
                refusal.getMessage());
    }

    @Test
    void shouldStartAgainInTheSameRunDirectory() {
        launch(1);
        dataPlane.close();
        final DataPlaneClient old = client;

        launch(1);

        assertTrue(old.cncFile().isReplaced());
        old.close();
        apply(1, BackendState.UP);
        assertEquals(1, client.cncFile().appliedEpoch());
    }

    /** An edge whose ports fail when they are told to. */
    private static final class BrokenEdge implements PacketEdge {
        private final MemoryEdge sound;
        private volatile boolean isBroken;

        BrokenEdge(final MemoryEdge sound) {
            this.sound = sound;
        }

        @Override
        public int workers() {
            return sound.workers();
        }

        @Override
        public List<PacketPort> ports(final int worker) {
            return sound.ports(worker).stream().map(this::breakable).toList();
        }

        private PacketPort breakable(final PacketPort port) {
            return new PacketPort() {
                @Override
                public int interfaceIndex() {
                    return port.interfaceIndex();
                }

                @Override
                public long macNet() {
                    return port.macNet();
                }

                @Override
                public int receive(final PacketBurst burst) {
                    if (isBroken) {
                        throw new IllegalStateException("the ring is gone");
                    }
                    return port.receive(burst);
                }

                @Override
                public boolean transmit(final long address, final int length) {
                    return port.transmit(address, length);
                }

                @Override
                public int flush() {
                    return port.flush();
                }

                @Override
                public int framesHeld() {
                    return port.framesHeld();
                }

                @Override
                public void close() {
                    port.close();
                }
            };
        }

        @Override
        public FrameStack frames(final int worker) {
            return sound.frames(worker);
        }

        @Override
        public TrafficFilter filter() {
            return sound.filter();
        }

        @Override
        public List<InterfaceInfo> interfaces() {
            return sound.interfaces();
        }

        @Override
        public void attach() {
            sound.attach();
        }

        @Override
        public void detach() {
            sound.detach();
        }

        @Override
        public void close() {
            sound.close();
        }
    }
}
