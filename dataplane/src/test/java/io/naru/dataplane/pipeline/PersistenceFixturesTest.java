package io.naru.dataplane.pipeline;

import static io.naru.dataplane.pipeline.Frame.ACK;
import static io.naru.dataplane.pipeline.Frame.SYN;
import static io.naru.dataplane.pipeline.Rig.BACKEND_SIDE;
import static io.naru.dataplane.pipeline.Rig.CLIENT_SIDE;
import static io.naru.dataplane.pipeline.Rig.CLIENT_SIDE_MAC;
import static io.naru.dataplane.service.Specs.backend;
import static io.naru.dataplane.service.Specs.service;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.protocol.AtLimit;
import io.naru.dataplane.protocol.BackendState;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.FlowLimits;
import io.naru.dataplane.protocol.FlowRule;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.OversizeRule;
import io.naru.dataplane.protocol.Persistence;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.Selection;
import io.naru.dataplane.protocol.ServiceOptions;
import io.naru.dataplane.protocol.TunnelSpec;
import io.naru.dataplane.service.ForwardingTable;
import io.naru.dataplane.service.ForwardingTableBuilder;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients whose flows all go to one backend. */
class PersistenceFixturesTest {
    private static final String ROUTER = "02:00:00:00:00:99";
    private static final int BACKENDS = 3;

    private final Rig rig = new Rig();
    private final int[] weights = {1, 1, 1};
    private int nextPort = 1_000;
    private boolean adoptsFlows;

    @AfterEach
    void close() {
        rig.close();
    }

    private static Persistence persistence(final int prefix4, final int prefix6, final long group) {
        return new Persistence(60, prefix4, prefix6, group);
    }

    private ServiceOptions options(final Persistence persistence, final AtLimit atLimit) {
        final ServiceOptions options =
                new ServiceOptions(
                        adoptsFlows,
                        false,
                        false,
                        ServiceOptions.MSS_AUTO,
                        OversizeRule.INNER,
                        TunnelSpec.DEFAULT);
        return options.with(
                Selection.DEFAULT,
                FlowRule.RESET,
                FlowRule.KEEP,
                new FlowLimits(0, 0, atLimit),
                persistence);
    }

    /** Two services, http and https, with a pool each on the same machines, in one family. */
    private void serve(
            final boolean isIpv6, final Persistence persistence, final BackendState... states) {
        final ForwardingTableBuilder builder = ForwardingTable.builder(1);
        for (int n = 0; n < BACKENDS; n++) {
            rig.hop(n, mac(n), BACKEND_SIDE);
            final BackendState state = n < states.length ? states[n] : BackendState.UP;
            final String address =
                    isIpv6 ? "[2001:db8:2::%d]".formatted(1 + n) : "10.2.0." + (1 + n);
            builder.backend(10 + n, backend("p" + n, address + ":8080", weights[n], state), n);
            // in another order, and by other ids
            builder.backend(29 - n, backend("t" + n, address + ":8443", 1, state), n);
        }
        final String vip = isIpv6 ? "[2001:db8::10]" : "192.0.2.10";
        final ServiceOptions options = options(persistence, AtLimit.NEXT);
        rig.adopt(
                builder.service(
                                0,
                                service("http", vip + ":80", Protocol.TCP, Mode.NAT).with(options),
                                10,
                                11,
                                12)
                        .service(
                                1,
                                service("https", vip + ":443", Protocol.TCP, Mode.NAT)
                                        .with(options),
                                27,
                                28,
                                29));
    }

    private static String mac(final int n) {
        return "02:00:00:00:02:0" + n;
    }

    /** The number of the backend that a new flow goes to. */
    private int open(final String client, final int vipPort) {
        return send(client, nextPort++, vipPort, SYN);
    }

    /** The number of the backend that a packet goes to. */
    private int send(final String client, final int port, final int vipPort, final int flags) {
        final byte[] out = rig.send(CLIENT_SIDE, frame(client, port, vipPort, flags)).assertTx();
        return HexFormat.ofDelimiter(":").formatHex(out, 0, 6).charAt(16) - '0';
    }

    private static byte[] frame(
            final String client, final int port, final int vipPort, final int flags) {
        final String vip = client.startsWith("[") ? "[2001:db8::10]" : "192.0.2.10";
        return Frame.tcp(client + ":" + port, vip + ":" + vipPort, flags)
                .macs(ROUTER, CLIENT_SIDE_MAC)
                .bytes();
    }

    private static String client(final boolean isIpv6, final int n) {
        return isIpv6 ? "[2001:db8:1::%x]".formatted(n) : "198.51.100." + n;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("all flows of a client go to one backend, those of others in turn")
    void sticks(final boolean isIpv6) {
        serve(isIpv6, persistence(32, 128, Persistence.ALONE));
        final Set<Integer> all = new HashSet<>();
        for (int n = 1; n <= 9; n++) {
            final int first = open(client(isIpv6, n), 80);
            all.add(first);
            for (int k = 0; k < 5; k++) {
                assertEquals(first, open(client(isIpv6, n), 80), "client " + n);
            }
        }
        assertEquals(BACKENDS, all.size());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("a prefix makes one client of all that have it")
    void prefix(final boolean isIpv6) {
        serve(isIpv6, persistence(24, 64, Persistence.ALONE));
        final int first = open(client(isIpv6, 1), 80);
        for (int n = 2; n < 20; n++) {
            assertEquals(first, open(client(isIpv6, n), 80));
        }

        final Set<Integer> others = new HashSet<>();
        for (int n = 1; n < 10; n++) {
            others.add(open(isIpv6 ? "[2001:db8:1:" + n + "::7]" : "203.0." + n + ".7", 80));
        }
        assertTrue(others.size() > 1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("a client is forgotten a timeout after its latest flow, each flow counts anew")
    void timeout(final boolean isIpv6) {
        serve(isIpv6, persistence(32, 128, Persistence.ALONE));
        final String client = client(isIpv6, 7);
        final int first = open(client, 80);
        for (int k = 0; k < 5; k++) {
            rig.advance(50);
            assertEquals(first, open(client, 80));
        }

        rig.advance(63);
        final int second = open(client, 80);
        rig.advance(63);
        final int third = open(client, 80);
        assertTrue(second != first || third != second, "rr goes on");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("services of a group share their clients, over pools of the same machines")
    void group(final boolean isIpv6) {
        serve(isIpv6, persistence(32, 128, 42));
        for (int n = 1; n <= 9; n++) {
            final String client = client(isIpv6, n);
            assertEquals(open(client, 80), open(client, 443), client);
        }
    }

    @Test
    @DisplayName("services of no group do not share")
    void noGroup() {
        serve(false, persistence(32, 128, Persistence.ALONE));
        int same = 0;
        for (int n = 1; n <= 9; n++) {
            open(client(false, n), 80);
        }
        for (int n = 1; n <= 9; n++) {
            same += open(client(false, n), 80) == open(client(false, n), 443) ? 1 : 0;
        }
        assertNotEquals(9, same);
    }

    @ParameterizedTest
    @ValueSource(strings = {"DOWN", "OFF"})
    @DisplayName("a client whose backend is down moves on, and stays where it went")
    void movesOn(final String state) {
        serve(false, persistence(32, 128, Persistence.ALONE));
        final String client = client(false, 7);
        final int first = open(client, 80);
        final BackendState[] states = {BackendState.UP, BackendState.UP, BackendState.UP};
        states[first] = BackendState.valueOf(state);
        serve(false, persistence(32, 128, Persistence.ALONE), states);

        final int second = open(client, 80);
        assertNotEquals(first, second);
        serve(false, persistence(32, 128, Persistence.ALONE));
        for (int k = 0; k < 5; k++) {
            assertEquals(second, open(client, 80));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("a client of a backend that stands by moves on, its flows there go on")
    void standby(final boolean isIpv6) {
        serve(isIpv6, persistence(32, 128, Persistence.ALONE));
        final String client = client(isIpv6, 7);
        final int first = open(client, 80);
        final int oldPort = nextPort - 1;
        final BackendState[] states = {BackendState.UP, BackendState.UP, BackendState.UP};
        states[first] = BackendState.STANDBY;
        serve(isIpv6, persistence(32, 128, Persistence.ALONE), states);

        final int second = open(client, 80);
        assertNotEquals(first, second);
        assertEquals(first, send(client, oldPort, 80, ACK), "a flow that is there");
        serve(isIpv6, persistence(32, 128, Persistence.ALONE));
        for (int k = 0; k < 5; k++) {
            assertEquals(second, open(client, 80), "it is remembered there");
        }
    }

    @ParameterizedTest(name = "IPv6 {0}")
    @ValueSource(booleans = {false, true})
    @DisplayName("a connection that is taken up again goes on with the backend that stands by")
    void standbyInTheMiddle(final boolean isIpv6) {
        adoptsFlows = true;
        final Persistence persistence = new Persistence(600, 32, 128, Persistence.ALONE);
        serve(isIpv6, persistence);
        final String client = client(isIpv6, 7);
        final int first = open(client, 80);
        final int oldPort = nextPort - 1;
        final BackendState[] states = {BackendState.UP, BackendState.UP, BackendState.UP};
        states[first] = BackendState.STANDBY;
        serve(isIpv6, persistence, states);
        rig.advance(250);

        assertEquals(first, send(client, oldPort, 80, ACK), "the flow had been idle for too long");
        assertNotEquals(first, open(client, 80));
    }

    @Test
    @DisplayName("clients of a group leave a machine where it stands by")
    void standbyOfGroup() {
        serve(false, persistence(32, 128, 42));
        final String client = client(false, 7);
        final int first = open(client, 80);
        final BackendState[] states = {BackendState.UP, BackendState.UP, BackendState.UP};
        states[first] = BackendState.STANDBY;
        serve(false, persistence(32, 128, 42), states);

        final int second = open(client, 443);
        assertNotEquals(first, second);
        assertEquals(second, open(client, 80));
    }

    @Test
    @DisplayName("nobody takes a new flow where all stand by, also not of a client that is known")
    void allStandBy() {
        serve(false, persistence(32, 128, Persistence.ALONE));
        final String client = client(false, 7);
        open(client, 80);
        serve(
                false,
                persistence(32, 128, Persistence.ALONE),
                BackendState.STANDBY,
                BackendState.STANDBY,
                BackendState.STANDBY);

        rig.send(CLIENT_SIDE, frame(client, nextPort++, 80, SYN))
                .assertDropped(DropReason.NO_BACKEND);
    }

    @Test
    @DisplayName("a backend of weight 0 keeps its clients, and gets no others")
    void weightless() {
        serve(false, persistence(32, 128, Persistence.ALONE));
        final String client = client(false, 7);
        final int first = open(client, 80);
        weights[first] = 0;
        serve(false, persistence(32, 128, Persistence.ALONE));

        assertEquals(first, open(client, 80));
        for (int n = 20; n < 30; n++) {
            assertNotEquals(first, open(client(false, n), 80), "it takes no new client");
        }
    }

    @Test
    @DisplayName("a drained backend keeps its clients, but only for the time they had left")
    void drain() {
        serve(false, persistence(32, 128, Persistence.ALONE));
        final String client = client(false, 7);
        final int first = open(client, 80);
        final BackendState[] states = {BackendState.UP, BackendState.UP, BackendState.UP};
        states[first] = BackendState.DRAIN;
        serve(false, persistence(32, 128, Persistence.ALONE), states);

        rig.advance(50);
        assertEquals(first, open(client, 80));
        for (int n = 20; n < 30; n++) {
            assertNotEquals(first, open(client(false, n), 80), "it takes no new client");
        }
        rig.advance(13);
        assertNotEquals(first, open(client, 80));
    }
}
