package io.naru.controlplane.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.controlplane.Await;
import io.naru.controlplane.FakeDataPlane;
import io.naru.controlplane.Instance;
import io.naru.controlplane.ScriptedCheck;
import io.naru.controlplane.json.Json;
import io.naru.controlplane.json.JsonObject;
import io.naru.dataplane.protocol.DropReason;
import io.naru.dataplane.protocol.FlowFilter;
import io.naru.dataplane.protocol.FlowInfo;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Mode;
import io.naru.dataplane.protocol.PacketAnswer;
import io.naru.dataplane.protocol.PacketAnswer.Flow;
import io.naru.dataplane.protocol.PacketQuery;
import io.naru.dataplane.protocol.Protocol;
import io.naru.dataplane.protocol.ServiceTrial;
import io.naru.dataplane.protocol.ServiceTrial.Kind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The commands against a control plane over its real socket. */
class OnlineCliTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final ScriptedCheck check = new ScriptedCheck();

    @TempDir private Path directory;

    private Instance instance;
    private FakeDataPlane dataPlane;

    @BeforeEach
    void setUp() throws Exception {
        check.pass(8_001);
        check.pass(8_002);
        instance = new Instance(directory, check);
        Files.createDirectories(instance.runDirectory());
    }

    @AfterEach
    void tearDown() {
        instance.close();
        if (dataPlane != null) {
            dataPlane.close();
        }
    }

    @Test
    void shouldListBackends() throws Exception {
        start();
        check.fail(8_002);
        Await.until(() -> instance.state("s2").equals("down"), () -> "s2 down");
        dataPlane.traffic("web/s1", 1_234, 56);

        assertEquals(ExitCode.OK, run("get", "backends"));

        final List<String> lines = out().lines().toList();
        assertEquals(3, lines.size(), out());
        assertTrue(
                lines.get(0)
                        .matches(
                                "BACKEND  ADDRESS +STATE  WEIGHT  FLOWS +NEW +PACKETS +BITS"
                                        + " +SINCE  REASON"),
                lines.get(0));
        assertTrue(
                lines.get(1)
                        .matches(
                                "web/s1   10\\.2\\.0\\.1:8001  up        100     56 .*connected in"
                                        + " 0\\.1 ms"),
                lines.get(1));
        assertTrue(
                lines.get(2).matches("web/s2   10\\.2\\.0\\.2:8002  down .*connect refused .*"),
                lines.get(2));
    }

    @Test
    void shouldFilterBackends() throws Exception {
        start();
        check.fail(8_002);
        Await.until(() -> instance.state("s2").equals("down"), () -> "s2 down");

        run("get", "backends", "service", "web", "state", "down", "-o", "json");

        final JsonObject json = Json.parseObject(out());
        assertEquals("naru/v1", json.string("apiVersion"));
        assertEquals("BackendList", json.string("kind"));
        assertEquals(
                List.of("web/s2"),
                json.objects("items").stream().map(item -> item.string("name")).toList());
    }

    @ParameterizedTest
    @CsvSource({
        "services,web",
        "service,web",
        "pools,web",
        "workers,running",
        "events,found",
    })
    void shouldListEverything(final String noun, final String expected) throws Exception {
        start();

        assertEquals(ExitCode.OK, run("get", noun), err());

        assertTrue(out().contains(expected), out());
        assertEquals("", err());
    }

    @Test
    void shouldPushTheFilterOfFlowsToTheDataPlaneAndSayHowManyThereAre() throws Exception {
        start();
        for (int i = 0; i < 5; i++) {
            dataPlane.flow(flow(40_000 + i));
        }

        final int exitCode =
                run(
                        "get",
                        "flows",
                        "service",
                        "web",
                        "backend",
                        "s1",
                        "state",
                        "established",
                        "src",
                        "198.51.100.0/24",
                        "sport",
                        "40001",
                        "age > 5m",
                        "-n",
                        "2");

        assertEquals(ExitCode.OK, exitCode, err());
        assertEquals(
                new FlowFilter(
                        "web",
                        "web",
                        "s1",
                        "established",
                        IpAddress.parse("198.51.100.0"),
                        24,
                        40_001,
                        300,
                        2),
                dataPlane.lastFilter());
        assertEquals("showing 2 of 5\n", err());
        final List<String> lines = out().lines().toList();
        assertEquals(3, lines.size(), out());
        assertTrue(
                lines.get(1)
                        .matches(
                                "198\\.51\\.100\\.7:40000  192\\.0\\.2\\.10:80  web/s1 "
                                        + " +established  6m40s +10s  12\\.0k"),
                lines.get(1));
    }

    @Test
    void shouldDrainAndUndrain() throws Exception {
        start();

        assertEquals(ExitCode.OK, run("drain", "s1", "-m", "kernel update"), err());
        assertEquals("web/s1 drains\n", out());
        assertEquals("drain 100", dataPlane.backend("web/s1"));

        run("get", "overrides");
        assertTrue(
                out().lines()
                        .toList()
                        .get(1)
                        .matches("web/s1  state    drain  up    \\S+ +\\d+\\S*  kernel update"),
                out());
        assertEquals(ExitCode.OK, run("undrain", "s1"));
        assertEquals("web/s1 takes new flows again, as its checks allow\n", out());
        assertEquals("up 100", dataPlane.backend("web/s1"));
        assertEquals(ExitCode.CONFLICT, run("undrain", "s1"));
        assertEquals("naru: web/s1 is not drained, its state is set to up\n", err());
    }

    @Test
    void shouldEndWhatIsLeftAtTheDeadlineOfADrain() throws Exception {
        start();
        dataPlane.traffic("web/s1", 40, 37);

        assertEquals(ExitCode.OK, run("drain", "s1", "--deadline", "1h30m", "-m", "update"), err());
        run("describe", "backend", "s1");
        assertTrue(out().contains(": draining, 37 flows left, 1h29m to go; set by "), out());
        run("get", "overrides");
        assertTrue(out().contains("drain, 1h29m to go"), out());

        assertEquals(ExitCode.OK, run("drain", "s1", "--deadline", "1s", "--wait"), err());
        assertEquals("web/s1: the deadline passed, what was left is ended\n", out());
        assertTrue(err().startsWith("web/s1 drains, 37 flows left, "), err());
        instance.awaitEvent("web/s1: the deadline of its drain passed: 37 flows are ended");
        assertEquals("off 100", dataPlane.backend("web/s1"));

        instance.close();
        instance.start();
        Await.until(() -> isInSync(), () -> "in sync");
        assertEquals("off 100", dataPlane.backend("web/s1"), "also after a restart");
        assertEquals("off", instance.state("s1"));
        run("undrain", "s1");
        assertEquals("up 100", dataPlane.backend("web/s1"));
    }

    @Test
    void shouldWaitUntilABackendIsDrained() throws Exception {
        start();
        dataPlane.traffic("web/s1", 3, 0);

        assertEquals(ExitCode.OK, run("drain", "s1", "--wait"), err());
        assertEquals("web/s1 is drained\n", out());
        instance.awaitEvent("web/s1: is drained: no flows left");
    }

    @Test
    void shouldSetAndUnset() throws Exception {
        start();

        assertEquals(ExitCode.OK, run("set", "weight", "web/s1", "5", "-m", "canary"), err());
        assertEquals("weight of web/s1 is 5 now (the file says 100)\n", out());
        run("get", "backends");
        assertTrue(out().contains(" 5* "), out());
        assertEquals(ExitCode.OK, run("set", "algorithm", "web", "maglev"), err());
        assertEquals("algorithm of web is maglev now (the file says rr)\n", out());
        assertEquals(ExitCode.OK, run("set", "state", "web/s2", "down"), err());
        assertEquals("down 100", dataPlane.backend("web/s2"));

        assertEquals(ExitCode.OK, run("unset", "weight", "s1"));
        assertEquals("weight of web/s1 is as the file says: 100\n", out());
        assertEquals(ExitCode.NO, run("unset", "weight", "s1"));
        assertEquals(
                """
                naru: the weight of web/s1 is not overridden
                      naru get overrides lists what is
                """,
                err());
    }

    @Test
    void shouldPrintTheDifferenceAndApplyIt() throws Exception {
        start();
        final Path next =
                Files.writeString(
                        directory.resolve("next.yaml"),
                        Instance.CONFIG.replace("port: 8002", "port: 8002, weight: 20"));

        assertEquals(ExitCode.NO, run("diff", next.toString()), err());
        final String diff = out();
        assertTrue(diff.contains("~ backend web/s2  weight  100 -> 20"), diff);
        assertEquals(ExitCode.OK, run("apply", next.toString()), err());

        assertEquals(diff + "applied as revision 2\n", out());
        assertEquals("up 20", dataPlane.backend("web/s2"));
        assertEquals(ExitCode.OK, run("diff", next.toString()));
        assertEquals("no difference\n", out());
    }

    @Test
    void shouldExplainStepByStepWhereAPacketGoes() throws Exception {
        start();
        assertEquals(ExitCode.OK, run("set", "algorithm", "web", "maglev"), err());
        dataPlane.traffic("web/s1", 100, 12);
        dataPlane.answerPackets(answer(Flow.NONE, false, PacketAnswer.SENT));

        assertEquals(
                ExitCode.OK, run("explain", "tcp", "198.51.100.7:40000", "192.0.2.10:80"), err());

        assertEquals(
                """
                packet      a SYN from 198.51.100.7:40000 to tcp 192.0.2.10:80
                worker      0 of 1: the hash of the client's address and port names it
                service     web: nat, maglev, pool web
                flow        none; what is not a SYN is dropped (no-flow)
                persistence off
                scheduler   maglev: slot 4711 of 65537 leads to web/s1, out of 2 candidates: \
                s1 (weight 100, 12 flows), s2 (weight 100, 0 flows)
                limits      none
                mode        nat: destination 192.0.2.10:80 -> 10.2.0.1:8001; the source stays
                next hop    02:00:00:00:00:01 by interface 1
                so          it goes to web/s1
                """,
                out());
        assertEquals(IpAddress.parse("198.51.100.7"), dataPlane.lastPacket().client());
        assertEquals(40_000, dataPlane.lastPacket().clientPort());
        assertEquals(PacketQuery.ANY_INTERFACE, dataPlane.lastPacket().interfaceIndex());

        run("explain", "-o", "json", "tcp", "198.51.100.7:40000", "192.0.2.10:80");
        final JsonObject json = Json.parseObject(out());
        assertEquals("Explanation", json.string("kind"));
        assertEquals("web/s1", json.string("backend"));
        assertEquals(4_711, json.object("scheduler").number("slot", 0));
        assertEquals(12, json.object("scheduler").objects("candidates").get(0).number("flows", 0));
    }

    @Test
    void shouldExplainThatAPacketOfAFlowGoesWhereTheFlowGoes() throws Exception {
        start();
        dataPlane.answerPackets(answer(Flow.LIVE, false, PacketAnswer.SENT));

        assertEquals(
                ExitCode.OK, run("explain", "tcp", "198.51.100.7:40000", "192.0.2.10:80"), err());

        assertTrue(
                out().contains(
                                "flow        established with web/s1, 60 s old, idle for 2 s, times"
                                        + " out in 58 s\n"),
                out());
        assertFalse(out().contains("scheduler"), out());
    }

    @Test
    void shouldExplainWhyAClientLeavesItsBackend() throws Exception {
        start();
        final Path next =
                Files.writeString(
                        directory.resolve("next.yaml"),
                        Instance.CONFIG
                                .replace("port: 80\n", "port: 80\n    persistence: 5m\n")
                                .replace("port: 8002", "port: 8002, backup: true"));
        assertEquals(ExitCode.OK, run("apply", next.toString()), err());
        assertEquals("standby 100", dataPlane.backend("web/s2"));
        dataPlane.answerPackets(
                answer(Flow.NONE, false, PacketAnswer.SENT, dataPlane.id("web/s2")));

        assertEquals(
                ExitCode.OK, run("explain", "tcp", "198.51.100.7:40000", "192.0.2.10:80"), err());

        assertTrue(
                out().contains(
                                "persistence the client had web/s2, whose state is standby; it will"
                                        + " have the next one for 300 s\n"),
                out());
        assertTrue(out().contains("so          it goes to web/s1\n"), out());

        run("explain", "-o", "json", "tcp", "198.51.100.7:40000", "192.0.2.10:80");
        assertEquals("web/s2", Json.parseObject(out()).string("formerBackend"));
    }

    @Test
    void shouldExplainWhyAPacketIsDropped() throws Exception {
        start();
        dataPlane.answerPackets(answerWithoutBackend(-1, DropReason.NO_SERVICE.code(), 0));

        assertEquals(
                ExitCode.NO, run("explain", "tcp", "198.51.100.7:40000", "192.0.2.10:81"), err());

        assertTrue(
                out().contains("service     none at this port: 192.0.2.10 has web (tcp 80)"),
                out());
        assertTrue(out().contains("so          it is dropped: no-service. "), out());
    }

    @Test
    void shouldExplainThatABridgeSendsOnWhatIsForNoVip() throws Exception {
        start();
        dataPlane.answerPackets(answerWithoutBackend(-1, PacketAnswer.SENT, 0));

        assertEquals(
                ExitCode.OK, run("explain", "tcp", "198.51.100.7:40000", "192.0.2.99:80"), err());

        assertTrue(
                out().contains("service     none: no service has the address 192.0.2.99\n"), out());
        assertTrue(out().contains("so          the bridge sends it on as it is\n"), out());
    }

    @Test
    void shouldExplainThatTheNextChoiceIsOpen() throws Exception {
        start();
        dataPlane.answerPackets(answerWithoutBackend(dataPlane.id("web"), PacketAnswer.SENT, 1));

        assertEquals(
                ExitCode.OK, run("explain", "tcp", "198.51.100.7:40000", "192.0.2.10:80"), err());

        assertTrue(out().contains("; passed over 1 times, as the client talks to"), out());
        assertTrue(
                out().contains(
                                "so          it goes to another backend, if the scheduler finds one"
                                        + " that the client does not talk to by another VIP\n"),
                out());
    }

    private static PacketAnswer answerWithoutBackend(
            final int serviceId, final int dropCode, final int conflicts) {
        return new PacketAnswer(
                0,
                1,
                serviceId,
                Flow.NONE,
                -1,
                -1,
                "",
                0,
                0,
                0,
                false,
                -1,
                -1,
                dropCode,
                -1,
                -1,
                -1,
                0,
                0,
                conflicts,
                0,
                IpAddress.NONE,
                0);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    tcp  198.51.100.7 192.0.2.10:80           | '198.51.100.7' is no address and port (client)
                    tcp  2001:db8::7:80 192.0.2.10:80         | '2001:db8::7:80' is no address and port (client)
                    tcp  [2001:db8::7]:80 192.0.2.10:80       | client [2001:db8::7]:80 and VIP 192.0.2.10:80 are of two families
                    sctp 198.51.100.7:1 192.0.2.10:80         | 'sctp' is no protocol
                    tcp  198.51.100.7:1 192.0.2.10:80 --interface eth9 | the data plane has no interface 'eth9'
                    """)
    void shouldRefuseToExplainWhatIsNoPacket(final String arguments, final String message)
            throws Exception {
        start();

        assertEquals(ExitCode.USAGE, run(("explain " + arguments).split(" +")));

        assertTrue(err().startsWith("naru: " + message), err());
    }

    private PacketAnswer answer(final Flow flow, final boolean opensAnew, final int dropCode) {
        return answer(flow, opensAnew, dropCode, -1);
    }

    private PacketAnswer answer(
            final Flow flow, final boolean opensAnew, final int dropCode, final int formerId) {
        final int backend = dataPlane.id("web/s1");
        return new PacketAnswer(
                0,
                1,
                dataPlane.id("web"),
                flow,
                flow == Flow.NONE ? -1 : backend,
                Mode.NAT.code(),
                flow == Flow.NONE ? "" : "established",
                60_000,
                2_000,
                58_000,
                opensAnew,
                backend,
                Mode.NAT.code(),
                dropCode,
                -1,
                formerId,
                -1,
                4_711,
                65_537,
                0,
                0x8001_0100_0000_0002L,
                IpAddress.NONE,
                0);
    }

    @Test
    void shouldSayWhatWouldBecomeOfFlowsAndChangeNothing() throws Exception {
        start();
        dataPlane.trial(new ServiceTrial("web", Kind.CHANGED, 900, 60, 0, 40, 65_537, 6_554));
        dataPlane.trial(new ServiceTrial("new", Kind.ADDED, 0, 0, 0, 0, 0, 0));
        final Path next =
                Files.writeString(
                        directory.resolve("next.yaml"),
                        Instance.CONFIG.replace("port: 8002", "port: 8002, weight: 20"));

        assertEquals(ExitCode.OK, run("apply", "--dry-run", next.toString()), err());

        assertEquals(
                """
                ~ backend web/s2  weight  100 -> 20
                0 added, 0 removed, 1 changed

                SERVICE  CHANGE   FLOWS  STAY  LEAVING  MOVE  END  HASH TABLE
                web      changed   1000   900       60     0   40  10.0 % changes (6554 of 65537 slots)
                new      added        0     0        0     0    0  -

                of 1000 live flows 900 stay, 60 stay on backends that take no new ones, 0 move, 40 end
                nothing was changed
                """,
                out());
        assertEquals("up 100", dataPlane.backend("web/s2"));
        assertEquals(ExitCode.OK, run("apply", "--dry-run", "-o", "json", next.toString()), err());
        final JsonObject json = Json.parseObject(out());
        assertEquals("Trial", json.string("kind"));
        assertEquals(1, json.number("revision", 0));
        assertEquals(40, json.object("flows").number("ended", 0));
        assertEquals(
                6_554,
                json.objects("services").get(0).object("hashTable").number("changedSlots", 0));
    }

    @Test
    void shouldSayThatNothingIsKnownOfFlowsWithoutADataPlane() throws Exception {
        instance.start();

        assertEquals(
                ExitCode.OK, run("apply", "--dry-run", instance.configFile().toString()), err());

        assertEquals(
                """
                no difference
                nothing can be said about flows: no data plane is attached
                nothing was changed
                """,
                out());
    }

    @Test
    void shouldSayThatTheDataPlaneWouldRefuse() throws Exception {
        start();
        dataPlane.refuseNext("backend s1: id is 99999, expected 0 to 16383");

        assertEquals(
                ExitCode.REFUSED,
                run("apply", "--dry-run", instance.configFile().toString()),
                err());

        assertTrue(
                err().startsWith("naru: the data plane would refuse it: backend s1: id is 99999"),
                err());
    }

    @Test
    void shouldRefuseABadFileWithItsReport() throws Exception {
        start();
        final Path bad =
                Files.writeString(
                        directory.resolve("bad.yaml"),
                        Instance.CONFIG.replace("port: 80\n", "prot: 80\n"));

        assertEquals(ExitCode.REFUSED, run("apply", bad.toString()));

        assertTrue(err().contains("bad.yaml:5:5: error"), err());
        assertTrue(err().contains("nothing was changed"), err());
        assertEquals("", out());
    }

    @Test
    void shouldRefuseToApplyOnAnotherRevision() throws Exception {
        start();

        final int exitCode = run("apply", "--revision", "7", instance.configFile().toString());

        assertEquals(ExitCode.CONFLICT, exitCode);
        assertTrue(
                err().startsWith("naru: the running configuration is revision 1 by now, not 7"),
                err());
    }

    @Test
    void shouldDescribe() throws Exception {
        start();
        run("set", "weight", "s1", "5", "-m", "canary");

        assertEquals(ExitCode.OK, run("describe", "backend", "s1"), err());
        assertTrue(out().contains("backend       web/s1\n"), out());
        assertTrue(out().contains("weight        5  set by "), out());
        assertTrue(out().contains(": \"canary\"; the file says 100\n"), out());
        assertTrue(out().contains("check         tcp 10.2.0.1:8001 every 100 ms"), out());
        assertTrue(out().contains("unknown -> up: connected in 0.1 ms"), out());

        assertEquals(ExitCode.OK, run("describe", "service", "web"), err());
        assertTrue(out().contains("address       192.0.2.10:80/tcp\n"), out());
        assertTrue(
                out().contains("lost backends flows of one that is down: reset; removed: keep\n"),
                out());
        assertTrue(out().contains("web/s2"), out());
    }

    @Test
    void shouldSayOnOneScreenWhatRunsAndWhatIsWrong() throws Exception {
        start();

        assertEquals(ExitCode.OK, run("status"), out());
        assertTrue(out().contains("control plane  running, pid "), out());
        assertTrue(out().contains("data plane     running, pid "), out());
        assertTrue(out().contains("configuration  revision 1 of "), out());
        assertTrue(out().contains("backends       2: 2 up\n"), out());
        check.fail(8_002);
        Await.until(() -> instance.state("s2").equals("down"), () -> "s2 down");

        assertEquals(ExitCode.NO, run("status"));

        assertTrue(
                out().contains("! service web: 1 of 2 backends take no new flows (1 down)\n"),
                out());
    }

    @Test
    void shouldReadADeadDataPlaneWithoutAControlPlane() throws Exception {
        start();
        instance.close();
        dataPlane.fail("worker 0: eth1 went away");
        dataPlane.stop();

        assertEquals(ExitCode.UNREACHABLE, run("status"));
        assertTrue(out().contains("control plane  not running"), out());
        assertTrue(out().contains("data plane     gone, pid "), out());
        assertTrue(out().contains("last error     worker 0: eth1 went away"), out());
        assertTrue(out().contains("! no control plane answers at "), out());
        assertEquals(ExitCode.OK, run("get", "workers"));
        assertTrue(out().contains("gone"), out());
        assertTrue(err().contains("read from the data plane's file"), err());
        assertEquals(ExitCode.OK, run("get", "drops"));
        assertEquals(ExitCode.UNREACHABLE, run("get", "backends"));
        assertTrue(
                err().endsWith(
                                "start it with: naru controlplane -c FILE; another instance:"
                                        + " --run-dir DIR\n"),
                err());
    }

    @Test
    void shouldSayThatNothingWasEverStarted() {
        assertEquals(ExitCode.UNREACHABLE, run("status"));

        assertTrue(out().contains("data plane     absent\n"), out());
        assertTrue(out().contains("no data plane was started with this run directory"), out());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "get backendz               | there are no 'backendz' to get     | did you mean 'backends'?",
                "get backends stat up       | backends have no filter 'stat'     | did you mean 'state'?",
                "get drops reason x         | drops have no filter 'reason'      | they take none",
                "get flows src              | 'src' of the filter needs a value  |",
                "get flows src 1.2.3.4 src 5.6.7.8 | 'src' is given twice        |",
                "get services -n 5          | --limit is for flows and events    |",
                "get backends --watch=soon  | --watch takes an interval          |",
                "get flows src 1.2.3        | '1.2.3' is no address or network   | for example",
                "set colour s1 red          | 'colour' cannot be set by hand     | naru apply",
                "set weight s1 many         | weight must be a whole number 0..65535, not 'many' |",
                "set state s1 off           | state must be up, drain or down, not 'off' |",
                "set algorithm webb rr      | there is no service 'webb'         | did you mean 'web'?",
                "drain web/s1 -d soon       | --deadline takes a duration such as 30s, 5m or 1h30m, not 'soon' |",
                "drain web/s1 -d 31d        | the deadline of a drain must be 1s to 30d |",
                "drain web/s3               | there is no backend 'web/s3'       | did you mean 'web/s1'?",
                "describe pool web          | 'pool' cannot be described         |",
            })
    void shouldRefuseInWordsWithAWayOut(
            final String command, final String message, final String hint) throws Exception {
        start();

        final int exitCode = run(command.split(" "));

        assertFalse(exitCode == ExitCode.OK, out());
        assertTrue(err().contains(message), err());
        assertTrue(hint == null || err().contains(hint), err());
        assertEquals("", out());
    }

    private void start() throws Exception {
        dataPlane = new FakeDataPlane(instance.runDirectory());
        instance.start();
        Await.until(
                () ->
                        "up 100".equals(dataPlane.backend("web/s1"))
                                && "up 100".equals(dataPlane.backend("web/s2"))
                                && isInSync(),
                () -> "both up");
    }

    private boolean isInSync() {
        try {
            return instance.get("/v1/status").body().object("dataPlane").flag("isInSync");
        } catch (final IOException e) {
            throw new AssertionError(e);
        }
    }

    private FlowInfo flow(final int clientPort) {
        return new FlowInfo(
                dataPlane.id("web"),
                dataPlane.id("web/s1"),
                0,
                Protocol.TCP,
                IpAddress.parse("198.51.100.7"),
                clientPort,
                IpAddress.parse("192.0.2.10"),
                80,
                IpAddress.parse("10.2.0.1"),
                8_001,
                "established",
                400_000,
                10_000,
                3_590_000,
                1_000,
                11_000);
    }

    private int run(final String... arguments) {
        out.reset();
        err.reset();
        final List<String> all = new ArrayList<>(List.of("--run-dir"));
        all.add(instance.runDirectory().toString());
        all.addAll(List.of(arguments));
        return NaruCli.run(
                all,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                Map.of("NO_COLOR", "1"));
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }
}
