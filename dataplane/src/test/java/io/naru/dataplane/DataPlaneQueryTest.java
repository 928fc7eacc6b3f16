package io.naru.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.FlowFilter;
import io.naru.dataplane.protocol.FlowInfo;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Limits;
import io.naru.dataplane.protocol.Protocol;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What a data plane answers when it is asked for its flows. */
class DataPlaneQueryTest extends DataPlaneFixture {
    @Test
    void shouldAnswerQueriesForFlows() {
        launch(2);
        apply(1, BackendState.UP, BackendState.UP);
        open(20);

        final List<FlowInfo> all = query(FlowFilter.ALL);
        assertEquals(20, all.size());
        assertEquals(20, answers.matched);

        final FlowInfo one = query(clientPort(10_003)).get(0);
        assertEquals(IpAddress.parse("198.51.100.7"), one.client());
        assertEquals(10_003, one.clientPort());
        assertEquals(IpAddress.parse("192.0.2.10"), one.vip());
        assertEquals(80, one.vipPort());
        assertEquals(Protocol.TCP, one.protocol());
        assertEquals(8_080, one.backendPort());
        assertEquals("syn-sent", one.state());
        assertEquals(0, one.serviceId());
        assertEquals(client.directory().backend(one.backendId()).spec().address(), one.backend());
        assertEquals(60, one.bytesToBackend());
        assertEquals(240, TimeUnit.MILLISECONDS.toSeconds(one.expiresInMs()));

        final int ofFirst =
                query(new FlowFilter("", "web", "s1", "", IpAddress.NONE, 0, 0, 0, 100)).size();
        final int ofSecond =
                query(new FlowFilter("", "", "s2", "", IpAddress.NONE, 0, 0, 0, 100)).size();
        assertEquals(20, ofFirst + ofSecond);
        assertEquals(20, query(network("198.51.100.0", 24)).size());
        assertEquals(20, query(network("0.0.0.0", 0)).size());
        assertEquals(0, query(network("198.51.101.0", 24)).size());
        assertEquals(0, query(state("established")).size());
        assertEquals(20, query(state("syn-sent")).size());

        assertEquals(
                7, query(new FlowFilter("web", "", "", "", IpAddress.NONE, 0, 0, 0, 7)).size());
        assertEquals(20, answers.matched);
        assertEquals(0, query(new FlowFilter("", "", "", "", IpAddress.NONE, 0, 0, 60, 9)).size());
        clock.advance(TimeUnit.SECONDS.toNanos(61));
        assertEquals(9, query(new FlowFilter("", "", "", "", IpAddress.NONE, 0, 0, 60, 9)).size());
    }

    @Test
    void shouldRefuseQueryForWhatIsNotThere() {
        launch(1);
        apply(1, BackendState.UP);

        assertTrue(
                client.commands()
                        .queryFlows(
                                50,
                                new FlowFilter("mail", "", "", "", IpAddress.NONE, 0, 0, 0, 1)));
        assertTrue(client.commands().queryFlows(51, state("asleep")));
        cycle();

        assertEquals("there is no service mail", answers.failed.get(50L));
        assertTrue(
                answers.failed
                        .get(51L)
                        .startsWith("there is no state asleep of a flow, but syn-sent,"));
    }

    @Test
    void shouldRefuseQueriesWhenTooManyWait() {
        launch(1);
        apply(1, BackendState.UP);
        for (int i = 0; i <= FlowQueries.MAX_WAITING; i++) {
            assertTrue(client.commands().queryFlows(100 + i, FlowFilter.ALL));
        }
        cycle();

        assertEquals(
                "16 queries for flows are waiting already: try again",
                answers.failed.get(100L + FlowQueries.MAX_WAITING));
        for (int i = 0; i < 1_000 && answers.ended < FlowQueries.MAX_WAITING; i++) {
            cycle();
        }
        assertEquals(FlowQueries.MAX_WAITING, answers.ended);
    }

    @Test
    void shouldShowNoMoreFlowsThanAreAllowed() {
        launch(1, 8_192);
        apply(1, BackendState.UP);
        open(3 * Limits.MAX_FLOWS_SHOWN);

        assertEquals(Limits.MAX_FLOWS_SHOWN, query(FlowFilter.ALL).size());
        assertEquals(3 * Limits.MAX_FLOWS_SHOWN, answers.matched);
        assertFalse(answers.lost);
    }

    private static FlowFilter clientPort(final int port) {
        return new FlowFilter("", "", "", "", IpAddress.NONE, 0, port, 0, 1);
    }

    private static FlowFilter network(final String address, final int prefixBits) {
        return new FlowFilter("", "", "", "", IpAddress.parse(address), prefixBits, 0, 0, 100);
    }

    private static FlowFilter state(final String state) {
        return new FlowFilter("", "", "", state, IpAddress.NONE, 0, 0, 0, 100);
    }
}
