package io.naru.dataplane.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.TestNamespace;
import io.naru.linux.bpf.BpfMap;
import io.naru.linux.bpf.BpfMapDefinition;
import io.naru.linux.bpf.BpfObject;
import io.naru.linux.bpf.BpfProgram;
import io.naru.linux.bpf.XdpLink;
import io.naru.linux.netlink.Link;
import io.naru.linux.netlink.Links;
import io.naru.linux.netlink.NetlinkSocket;
import io.naru.linux.xdp.XskSocket;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.agrona.CloseHelper;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The doctor on a real kernel: eth0 and eth1 are the two ends of a veth. */
class DoctorNamespaceTest {
    private record Visit(int exitCode, String out, String err) {}

    private TestNamespace box;

    @BeforeEach
    void setUp() {
        box = TestNamespace.create("doctor");
        box.sh("ip link add eth0 numrxqueues 2 numtxqueues 2 type veth peer name eth1");
        box.sh("ip link set eth0 up; ip link set eth1 up");
        box.sh("ethtool -K eth1 tx off tso off gso off gro off");
    }

    @AfterEach
    void tearDown() {
        if (box != null) {
            box.close();
        }
    }

    @Test
    void shouldFindNothingWrongWithProperVeth() throws Exception {
        final Visit visit = visit("-i", "eth0");

        assertEquals(0, visit.exitCode(), visit.out());
        expectLine(visit, "ok +link +up");
        expectLine(visit, "ok +driver +veth, native XDP");
        expectLine(visit, "ok +xdp-program +none attached");
        expectLine(visit, "ok +peer-offloads +eth1 sends packets that are complete");
        expectLine(visit, "ok +af-xdp +");
        expectLine(visit, "ok +bpf +the kernel takes our XDP program");
    }

    @Test
    void shouldFindOffloadsOfPeer() throws Exception {
        box.sh("ethtool -K eth1 tx on tso on gso on");

        final Visit visit = visit("-i", "eth0");

        assertEquals(1, visit.exitCode(), visit.out());
        expectLine(visit, "problem +peer-offloads +eth1 leaves checksums and segments");
        final Pattern remedy = Pattern.compile("\\$ (ethtool -K eth1 .*)");
        box.sh(remedy.matcher(visit.out()).results().findFirst().orElseThrow().group(1));
        assertEquals(0, visit("-i", "eth0").exitCode(), "the remedy is one");
    }

    @Test
    void shouldCountQueues() throws Exception {
        box.sh("ethtool -L eth0 rx 2 tx 2");

        expectLine(visit("-i", "eth0"), "2 receive queues: 2 workers");
    }

    @Test
    void shouldLookAtWhatIsUpUnlessTold() throws Exception {
        box.sh("ip link add br0 type bridge");

        final Visit all = visit();
        assertTrue(all.out().contains("\neth0\n") && all.out().contains("\neth1\n"), all.out());
        assertTrue(!all.out().contains("\nbr0\n"), all.out());

        final Visit one = visit("-i", "br0");
        assertEquals(1, one.exitCode());
        expectLine(one, "problem +link +switched off");
        expectLine(one, "problem +device +a bridge has no queues");
    }

    @Test
    void shouldLookAtInterfacesOfSettings(@TempDir final Path directory) throws Exception {
        final Path settings = directory.resolve("naru.properties");
        Files.writeString(settings, "naru.interfaces=eth1,eth9\nnaru.huge.pages=off\n");

        final Visit visit = visit("-s", settings.toString());

        assertEquals(1, visit.exitCode());
        expectLine(visit, "ok +huge-pages +switched off in the settings");
        expectLine(visit, "problem +link +there is no interface eth9");
        assertTrue(!visit.out().contains("\neth0\n"), visit.out());
    }

    @Test
    void shouldKnowOurOwnProgramAndLeaveItAttached() throws Exception {
        final Visit visit =
                box.call(
                        () -> {
                            try (NetlinkSocket socket = NetlinkSocket.open()) {
                                final Link eth0 = Links.byName(socket, "eth0").orElseThrow();
                                final BpfObject object =
                                        BpfObject.ofResource(XskSocket.class, "naru_filter.o");
                                final Map<String, BpfMap> maps = new HashMap<>();
                                for (final Map.Entry<String, BpfMapDefinition> map :
                                        object.maps().entrySet()) {
                                    maps.put(map.getKey(), BpfMap.create(map.getValue()));
                                }

                                try (BpfProgram program = BpfProgram.load(object, maps);
                                        XdpLink attached = XdpLink.attach(program, eth0)) {
                                    final Visit inside = run("-i", "eth0");
                                    assertEquals(
                                            Link.XdpMode.NATIVE,
                                            Links.byName(socket, attached.interfaceName())
                                                    .orElseThrow()
                                                    .xdpMode());
                                    return inside;
                                } finally {
                                    CloseHelper.closeAll(maps.values());
                                }
                            }
                        });

        assertEquals(0, visit.exitCode(), visit.out());
        expectLine(visit, "ok +xdp-program +Naru's own: a data plane runs on eth0");
    }

    @Test
    void shouldChangeNothing() throws Exception {
        final String before = state();

        visit("-i", "eth0", "-i", "eth1");

        assertEquals(before, state());
    }

    @Test
    void shouldWriteJson() throws Exception {
        final Visit visit = visit("-i", "eth0", "-o", "json");

        assertTrue(visit.out().startsWith("{\"problems\":0,\"warnings\":"), visit.out());
        assertTrue(
                visit.out()
                        .contains(
                                "{\"subject\":\"eth0\",\"check\":\"link\",\"level\":\"ok\",\"found\":"
                                        + "\"up\",\"remedy\":[]}"),
                visit.out());
    }

    @Test
    void shouldExplainItsUse() throws Exception {
        assertEquals(0, visit("--help").exitCode());
        for (final String[] wrong :
                new String[][] {{"-i"}, {"-o", "xml"}, {"-x"}, {"-s", "/nonexistent"}}) {
            final Visit visit = visit(wrong);
            assertEquals(2, visit.exitCode(), String.join(" ", wrong));
            assertTrue(visit.err().contains("usage: naru doctor"), visit.err());
            assertEquals("", visit.out());
        }
    }

    private String state() {
        return box.sh("ip -d link | sed 's/ qlen.*//'; ethtool -k eth0; ethtool -l eth0; ip neigh");
    }

    private Visit visit(final String... args) throws Exception {
        return box.call(() -> run(args));
    }

    private static Visit run(final String... args) throws IOException {
        try (ByteArrayOutputStream out = new ByteArrayOutputStream();
                ByteArrayOutputStream err = new ByteArrayOutputStream()) {
            final int exitCode =
                    Doctor.run(
                            args,
                            new PrintStream(out, true, StandardCharsets.UTF_8),
                            new PrintStream(err, true, StandardCharsets.UTF_8),
                            false);
            return new Visit(
                    exitCode,
                    out.toString(StandardCharsets.UTF_8),
                    err.toString(StandardCharsets.UTF_8));
        }
    }

    private static void expectLine(final Visit visit, final String pattern) {
        assertTrue(Pattern.compile(pattern).matcher(visit.out()).find(), visit.out());
    }
}
