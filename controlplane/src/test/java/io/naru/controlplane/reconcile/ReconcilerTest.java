package io.naru.controlplane.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.controlplane.reconcile.Reconciler.Outcome;
import io.naru.controlplane.reconcile.Reconciler.Outcome.Result;
import io.naru.dataplane.protocol.Algorithm;
import io.naru.dataplane.protocol.BackendSpec;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.CncFile;
import io.naru.dataplane.protocol.CommandAdapter;
import io.naru.dataplane.protocol.CommandListener;
import io.naru.dataplane.protocol.CommandProxy;
import io.naru.dataplane.protocol.DesiredState;
import io.naru.dataplane.protocol.FlowFilter;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.ServiceSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReconcilerTest {
    @TempDir private Path directory;

    private final List<String> received = new ArrayList<>();
    private final List<Long> unanswered = new ArrayList<>();
    private final List<String> troubles = new ArrayList<>();
    private final List<Outcome> outcomes = new ArrayList<>();
    private CncFile file;
    private CommandAdapter commands;
    private Reconciler reconciler;
    private long nowMs = 1_000;

    @BeforeEach
    void setUp() {
        file = CncFile.create(directory, 1, () -> nowMs);
        commands = new CommandAdapter(file, new Recorder());
        reconciler =
                new Reconciler(
                        new Reconciler.Listener() {
                            @Override
                            public void onTrouble(final String text) {
                                troubles.add(text);
                            }

                            @Override
                            public void onInSync() {
                                troubles.add("in sync");
                            }
                        });
    }

    @AfterEach
    void tearDown() {
        file.close();
    }

    @Test
    void shouldSendEverythingToADataPlaneJustFound() {
        reconciler.want(state(1, BackendState.UP, 100, Algorithm.RR));
        reconciler.attach(new CommandProxy(file));

        cycle();

        assertEquals(
                List.of("begin 1", "pool web", "backend s1 up 100", "service web rr", "commit"),
                received);
        assertFalse(reconciler.isInSync());
        answerAll();
        assertTrue(reconciler.isInSync());
    }

    @Test
    void shouldSendNothingWhenNothingChanged() {
        inSyncWith(state(1, BackendState.UP, 100, Algorithm.RR));

        reconciler.want(state(1, BackendState.UP, 100, Algorithm.RR));
        cycle();

        assertEquals(List.of(), received);
        assertTrue(reconciler.isInSync());
    }

    @Test
    void shouldSendSmallChangesAsSingleCommands() {
        inSyncWith(state(1, BackendState.UP, 100, Algorithm.RR));

        reconciler.want(state(1, BackendState.DRAIN, 50, Algorithm.MAGLEV));
        cycle();

        assertEquals(List.of("set s1 drain 50", "algorithm web maglev"), received);
    }

    @Test
    void shouldNotTellTheDataPlaneToKeepWhatItHas() {
        inSyncWith(state(1, BackendState.UP, 100, Algorithm.RR));

        reconciler.want(state(1, BackendState.KEEP, 100, Algorithm.RR));
        cycle();

        assertEquals(List.of(), received);
    }

    @Test
    void shouldSendManyChangesAsOneState() {
        inSyncWith(many(Changes.MAX_SMALL + 1, BackendState.UP));

        reconciler.want(many(Changes.MAX_SMALL + 1, BackendState.DOWN));
        cycle();

        assertEquals("begin 1", received.get(0));
        assertEquals("commit", received.get(received.size() - 1));
    }

    @Test
    void shouldHaveOneChangeInFlightAndThenSendTheNewest() {
        inSyncWith(state(1, BackendState.UP, 100, Algorithm.RR));
        reconciler.want(state(1, BackendState.DOWN, 100, Algorithm.RR));
        cycle();
        received.clear();

        reconciler.want(state(1, BackendState.UP, 100, Algorithm.RR));
        reconciler.want(state(1, BackendState.UP, 70, Algorithm.RR));
        cycle();
        assertEquals(List.of(), received, "the first one is not answered yet");
        answerAll();
        cycle();

        assertEquals(List.of("set s1 up 70"), received);
    }

    @Test
    void shouldTryAgainLaterAndLaterWhatTheDataPlaneRefuses() {
        reconciler.want(state(1, BackendState.UP, 100, Algorithm.RR));
        reconciler.attach(new CommandProxy(file));
        cycle();

        refuseAll("no room for service web");
        cycle();
        assertEquals(List.of("no room for service web"), troubles);
        assertEquals(1, begins(), "not before its time");
        nowMs += Reconciler.RETRY_MIN_MS;
        cycle();
        assertEquals(2, begins());
        refuseAll("no room for service web");
        nowMs += Reconciler.RETRY_MIN_MS;
        cycle();
        assertEquals(2, begins(), "the second time it waits twice as long");
        nowMs += Reconciler.RETRY_MIN_MS;
        cycle();
        answerAll();

        assertEquals(List.of("no room for service web", "in sync"), troubles, "said once");
        assertNull(reconciler.trouble());
    }

    @Test
    void shouldSendEverythingAgainWhenNoAnswerComes() {
        inSyncWith(state(1, BackendState.UP, 100, Algorithm.RR));
        reconciler.want(state(1, BackendState.DOWN, 100, Algorithm.RR));
        cycle();
        assertEquals(List.of("set s1 down 100"), received);

        nowMs += Reconciler.ANSWER_TIMEOUT_MS + 1;
        cycle();
        assertEquals("the data plane did not answer within 5 s", reconciler.trouble());
        nowMs += Reconciler.RETRY_MIN_MS;
        cycle();

        assertTrue(received.contains("backend s1 down 100"), received.toString());
    }

    @Test
    void shouldKeepTheOldStateWhenATrialIsRefused() {
        inSyncWith(state(1, BackendState.UP, 100, Algorithm.RR));

        reconciler.attempt(state(2, BackendState.UP, 100, Algorithm.SH), outcomes::add);
        cycle();
        refuseAll("VIP 192.0.2.10 is an address of eth0");
        cycle();

        assertEquals(Result.REFUSED, outcomes.get(0).result());
        assertEquals("VIP 192.0.2.10 is an address of eth0", outcomes.get(0).text());
        assertTrue(reconciler.isInSync());
        assertEquals(List.of(), troubles, "the running state is not in trouble");
    }

    @Test
    void shouldTakeATrialForWantedOnceItIsConfirmed() {
        inSyncWith(state(1, BackendState.UP, 100, Algorithm.RR));

        reconciler.attempt(state(2, BackendState.UP, 100, Algorithm.SH), outcomes::add);
        cycle();
        answerAll();
        received.clear();
        cycle();

        assertEquals(List.of(Outcome.CONFIRMED), outcomes);
        assertEquals(List.of(), received);
        assertTrue(reconciler.isInSync());
    }

    @Test
    void shouldRefuseASecondTrialMeanwhile() {
        inSyncWith(state(1, BackendState.UP, 100, Algorithm.RR));
        assertTrue(reconciler.attempt(state(2, BackendState.UP, 1, Algorithm.RR), outcomes::add));

        assertFalse(reconciler.attempt(state(3, BackendState.UP, 1, Algorithm.RR), outcomes::add));
    }

    @Test
    void shouldBringTheOldStateBackWhenATrialIsLost() {
        inSyncWith(state(1, BackendState.UP, 100, Algorithm.RR));
        reconciler.attempt(state(2, BackendState.UP, 100, Algorithm.SH), outcomes::add);
        cycle();
        received.clear();

        nowMs += Reconciler.ANSWER_TIMEOUT_MS + 1;
        cycle();
        cycle();

        assertEquals(Result.LOST, outcomes.get(0).result());
        assertEquals("begin 1", received.get(0));
    }

    @Test
    void shouldDeferWithoutADataPlane() {
        reconciler.attempt(state(2, BackendState.UP, 100, Algorithm.SH), outcomes::add);
        reconciler.whenSettled(outcomes::add);

        assertEquals(List.of(Outcome.DEFERRED, Outcome.DEFERRED), outcomes);
    }

    @Test
    void shouldTellWhoWaitsWhenTheDataPlaneHasIt() {
        inSyncWith(state(1, BackendState.UP, 100, Algorithm.RR));
        reconciler.want(state(1, BackendState.DRAIN, 100, Algorithm.RR));
        reconciler.whenSettled(outcomes::add);
        cycle();
        assertEquals(List.of(), outcomes);

        answerAll();

        assertEquals(List.of(Outcome.CONFIRMED), outcomes);
    }

    @Test
    void shouldSendAStateThatDoesNotFitTheRingInParts() {
        final int count = 10_000;
        reconciler.want(many(count, BackendState.UP));
        reconciler.attach(new CommandProxy(file));

        int cycles = 0;
        while (!received.contains("commit")) {
            cycle();
            assertTrue(++cycles < 100, "never committed");
        }
        answerAll();

        assertTrue(cycles > 1, "it was to be larger than the ring");
        assertEquals(count, received.stream().filter(line -> line.startsWith("backend")).count());
        assertTrue(reconciler.isInSync());
    }

    private void inSyncWith(final DesiredState state) {
        reconciler.want(state);
        reconciler.attach(new CommandProxy(file));
        cycle();
        answerAll();
        assertTrue(reconciler.isInSync());
        received.clear();
    }

    private void cycle() {
        reconciler.poll(nowMs);
        while (commands.poll(1_000, nowMs) > 0) {
            // until the ring is empty
        }
    }

    private void answerAll() {
        final List<Long> ids = List.copyOf(unanswered);
        unanswered.clear();
        ids.forEach(reconciler::onCommandDone);
    }

    private void refuseAll(final String text) {
        final List<Long> ids = List.copyOf(unanswered);
        unanswered.clear();
        ids.forEach(id -> reconciler.onCommandFailed(id, text, nowMs));
    }

    private long begins() {
        return received.stream().filter(line -> line.startsWith("begin")).count();
    }

    private static DesiredState state(
            final long revision,
            final BackendState state,
            final int weight,
            final Algorithm algorithm) {
        return new DesiredState(
                revision,
                List.of("web"),
                List.of(backend("s1", state, weight)),
                List.of(
                        new ServiceSpec(
                                "web",
                                IpAddress.parse("192.0.2.10"),
                                Protocol.TCP,
                                80,
                                80,
                                Mode.NAT,
                                algorithm,
                                "web",
                                ServiceSpec.Timeouts.DEFAULT)));
    }

    private static DesiredState many(final int count, final BackendState state) {
        final List<BackendSpec> backends = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            backends.add(backend("s" + i, state, 100));
        }
        return new DesiredState(1, List.of("web"), backends, List.of());
    }

    private static BackendSpec backend(
            final String name, final BackendState state, final int weight) {
        return new BackendSpec("web", name, IpAddress.parse("10.2.0.1"), 8_080, weight, state);
    }

    private final class Recorder implements CommandListener {
        @Override
        public void onBeginConfig(
                final long id,
                final long revision,
                final int services,
                final int pools,
                final int backends,
                final int localAddresses) {
            received.add("begin " + revision);
        }

        @Override
        public void onPutPool(final long id, final String name) {
            received.add("pool " + name);
        }

        @Override
        public void onPutLocalAddress(final long id, final IpAddress address) {
            received.add("local " + address);
        }

        @Override
        public void onPutBackend(final long id, final BackendSpec backend) {
            received.add(
                    "backend "
                            + backend.name()
                            + " "
                            + backend.state().label()
                            + " "
                            + backend.weight());
        }

        @Override
        public void onPutService(final long id, final ServiceSpec service) {
            received.add("service " + service.name() + " " + service.algorithm().label());
        }

        @Override
        public void onCommitConfig(final long id) {
            received.add("commit");
            unanswered.add(id);
        }

        @Override
        public void onSetBackend(
                final long id,
                final String pool,
                final String name,
                final int weight,
                final int share,
                final BackendState state) {
            received.add("set " + name + " " + state.label() + " " + weight);
            unanswered.add(id);
        }

        @Override
        public void onSetResponseTime(
                final long id, final String pool, final String name, final long responseTimeNs) {
            received.add("response time " + name + " " + responseTimeNs);
        }

        @Override
        public void onSetAlgorithm(final long id, final String service, final Algorithm algorithm) {
            received.add("algorithm " + service + " " + algorithm.label());
            unanswered.add(id);
        }

        @Override
        public void onQueryFlows(final long id, final FlowFilter filter) {
            received.add("query");
        }

        @Override
        public void onPing(final long id, final long clientPid) {
            received.add("ping");
        }

        @Override
        public void onGarbled(final long id, final String text) {
            received.add("garbled " + text);
        }
    }
}
