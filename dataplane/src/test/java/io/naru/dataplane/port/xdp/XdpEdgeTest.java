package io.naru.dataplane.port.xdp;

import static io.naru.dataplane.port.xdp.EdgeSite.FRAMES_PER_PORT;
import static io.naru.dataplane.port.xdp.EdgeSite.RULES;
import static io.naru.dataplane.port.xdp.EdgeSite.SERVICE_PORT;
import static io.naru.dataplane.port.xdp.EdgeSite.VIP;
import static io.naru.dataplane.port.xdp.EdgeSite.await;
import static io.naru.dataplane.port.xdp.EdgeSite.echo;
import static io.naru.dataplane.port.xdp.EdgeSite.pump;
import static io.naru.dataplane.port.xdp.EdgeSite.settings;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.port.FilterRules;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.port.PacketPort;
import io.naru.linux.Errno;
import io.naru.linux.LinuxException;
import io.naru.linux.bpf.XdpMode;
import io.naru.linux.memory.HugePages;
import io.naru.linux.memory.PageKind;
import io.naru.linux.netlink.Link;
import io.naru.linux.netlink.Links;
import io.naru.linux.netlink.NetlinkSocket;
import io.naru.linux.xdp.CopyMode;
import io.naru.linux.xdp.FilterVerdict;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class XdpEdgeTest {
    private static final int RECEIVE_LIMIT_MS = 10_000;

    /** A client that sends datagrams to the VIP and counts the answers, one by one. */
    private static CompletableFuture<Integer> client(
            final EdgeSite site, final int sockets, final int datagrams) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return site.client.call(() -> exchange(sockets, datagrams));
                    } catch (final Exception e) {
                        throw new IllegalStateException(e);
                    }
                });
    }

    private static int exchange(final int sockets, final int datagrams) throws Exception {
        int answers = 0;
        for (int i = 0; i < sockets; i++) {
            try (DatagramSocket socket = new DatagramSocket()) {
                socket.setSoTimeout(RECEIVE_LIMIT_MS);
                socket.connect(InetAddress.getByName(VIP), SERVICE_PORT);
                for (int n = 0; n < datagrams; n++) {
                    final byte[] sent = ("packet " + i + " " + n).getBytes(StandardCharsets.UTF_8);
                    socket.send(new DatagramPacket(sent, sent.length));
                    final DatagramPacket answer = new DatagramPacket(new byte[100], 100);
                    socket.receive(answer);
                    assertEquals(
                            new String(sent, StandardCharsets.UTF_8),
                            new String(
                                    answer.getData(),
                                    0,
                                    answer.getLength(),
                                    StandardCharsets.UTF_8));
                    answers++;
                }
            }
        }

        return answers;
    }

    /** Sends without waiting for answers. */
    private static void shout(final EdgeSite site, final int datagrams) throws Exception {
        site.client.call(
                () -> {
                    try (DatagramSocket socket = new DatagramSocket()) {
                        final byte[] payload = new byte[64];
                        for (int n = 0; n < datagrams; n++) {
                            socket.send(
                                    new DatagramPacket(
                                            payload,
                                            payload.length,
                                            InetAddress.getByName(VIP),
                                            SERVICE_PORT));
                        }
                    }

                    return null;
                });
    }

    private static List<PacketPort> allPorts(final XdpEdge edge) {
        final List<PacketPort> ports = new ArrayList<>();
        for (int worker = 0; worker < edge.workers(); worker++) {
            ports.addAll(edge.ports(worker));
        }

        return ports;
    }

    private static int framesOf(final XdpEdge edge) {
        int count = 0;
        for (int worker = 0; worker < edge.workers(); worker++) {
            count += edge.frames(worker).size();
            for (final PacketPort port : edge.ports(worker)) {
                count += port.framesHeld();
            }
        }

        return count;
    }

    private static Link eth0() {
        return link("eth0");
    }

    private static Link link(final String name) {
        try (NetlinkSocket socket = NetlinkSocket.open()) {
            return Links.byName(socket, name).orElseThrow();
        }
    }

    @Test
    void shouldHandThePortWhatIsOursAndLeaveTheRestToTheKernel() throws Exception {
        try (EdgeSite site = EdgeSite.create(1)) {
            site.box.call(
                    () -> {
                        try (XdpEdge edge = XdpEdge.open(settings())) {
                            edge.filter().add(RULES);
                            edge.attach();

                            // ours: datagrams to the VIP come to the port, and answers go out by it
                            final CompletableFuture<Integer> client = client(site, 1, 100);
                            pump(edge.ports(0), client::isDone, "the client's answers");
                            assertEquals(100, client.join());
                            assertEquals(100, edge.count(FilterVerdict.TAKE_VIP));
                            assertEquals(FRAMES_PER_PORT, framesOf(edge));

                            // the kernel's: ping to the box itself, with nobody at the port
                            site.client.sh("ping -c 3 -i 0.01 -W 5 10.9.0.1");
                            assertTrue(edge.count(FilterVerdict.PASS_LOCAL) >= 3);

                            final XdpFacts facts = edge.facts();
                            final XdpFacts.Interface eth0 = facts.interfaces().get(0);
                            assertEquals("eth0", eth0.name());
                            assertEquals(XdpMode.NATIVE, eth0.mode());
                            assertEquals(eth0().macNet(), eth0.macNet());
                            assertEquals(eth0().macNet(), edge.ports(0).get(0).macNet());
                            assertEquals(1, eth0.queues());
                            assertEquals(CopyMode.COPY, facts.copyMode());
                            assertEquals(
                                    "eth0 queue 0: EOPNOTSUPP (Operation not supported)",
                                    facts.zeroCopyRefusal());
                            assertEquals(PageKind.PLAIN, facts.pages());
                            assertEquals(FRAMES_PER_PORT, facts.frames());
                        }

                        assertEquals(0, eth0().xdpProgramId());
                        return null;
                    });
        }
    }

    @Test
    void shouldWorkInGenericModeToo() throws Exception {
        try (EdgeSite site = EdgeSite.create(1)) {
            site.box.call(
                    () -> {
                        try (XdpEdge edge =
                                XdpEdge.open(
                                        settings(
                                                new XdpSettings.Interface(
                                                        "eth0",
                                                        XdpSettings.Mode.GENERIC,
                                                        XdpSettings.ZeroCopy.OFF,
                                                        1)))) {
                            edge.filter().add(RULES);
                            edge.attach();

                            final CompletableFuture<Integer> client = client(site, 1, 50);
                            pump(edge.ports(0), client::isDone, "the client's answers");

                            assertEquals(50, client.join());
                            assertEquals(XdpMode.GENERIC, edge.facts().interfaces().get(0).mode());
                            assertEquals("", edge.facts().zeroCopyRefusal());
                        }

                        return null;
                    });
        }
    }

    @Test
    void shouldServeEveryQueueWithAWorkerOfItsOwn() throws Exception {
        try (EdgeSite site = EdgeSite.create(2)) {
            site.box.call(
                    () -> {
                        try (XdpEdge edge = XdpEdge.open(settings())) {
                            assertEquals(2, edge.workers());
                            edge.filter().add(RULES);
                            edge.attach();
                            final PacketBurst burst = new PacketBurst();
                            final int[] received = new int[2];

                            // when 40 clients send one datagram each
                            final CompletableFuture<Integer> client = client(site, 40, 1);
                            while (!client.isDone()) {
                                for (int worker = 0; worker < 2; worker++) {
                                    echo(edge.ports(worker), burst);
                                    received[worker] += burst.count;
                                }
                            }

                            // then each worker has seen its share, and has all its frames
                            assertEquals(40, client.join());
                            assertEquals(40, received[0] + received[1]);
                            assertTrue(received[0] > 0, "nothing on queue 0");
                            assertTrue(received[1] > 0, "nothing on queue 1");
                            assertEquals(2 * FRAMES_PER_PORT, framesOf(edge));
                            assertEquals(2 * FRAMES_PER_PORT, edge.facts().frames());
                        }

                        return null;
                    });
        }
    }

    @Test
    void shouldLetOneWorkerServeAllQueues() throws Exception {
        try (EdgeSite site = EdgeSite.create(4)) {
            site.box.call(
                    () -> {
                        try (XdpEdge edge =
                                XdpEdge.open(
                                        new XdpSettings(
                                                List.of(XdpSettings.Interface.of("eth0")),
                                                1,
                                                FRAMES_PER_PORT,
                                                4096,
                                                HugePages.AUTO))) {
                            assertEquals(4, edge.ports(0).size());
                            edge.filter().add(RULES);
                            edge.attach();

                            final CompletableFuture<Integer> client = client(site, 20, 1);
                            pump(edge.ports(0), client::isDone, "the clients' answers");

                            assertEquals(20, client.join());
                            assertEquals(4 * FRAMES_PER_PORT, framesOf(edge));
                        }

                        return null;
                    });
        }
    }

    @Test
    void shouldReceiveAndSendFramesByteByByte() throws Exception {
        try (EdgeSite site = EdgeSite.create(1)) {
            site.box.call(
                    () -> {
                        try (XdpEdge edge = XdpEdge.open(settings())) {
                            edge.filter().add(RULES);
                            edge.attach();
                            final PacketPort port = edge.ports(0).get(0);
                            for (final boolean isTagged : new boolean[] {false, true}) {
                                final byte[] sent = datagram(isTagged);

                                // when a client sends it
                                final CompletableFuture<byte[]> answer = rawExchange(site, sent);
                                final PacketBurst burst = new PacketBurst();
                                pump(
                                        List.of(),
                                        () -> port.receive(burst) > 0,
                                        "the frame at the port");

                                // then it is here as it was sent, with its tag if it has one
                                assertEquals(1, burst.count);
                                assertArrayEquals(sent, bytesOf(burst));

                                // and goes back as we say: the kernel takes off the tag for us
                                RawMemory.putByte(burst.address[0] + sent.length - 1, (byte) 42);
                                assertTrue(port.transmit(burst.address[0], burst.length[0]));
                                pump(List.of(port), answer::isDone, "the answer at the client");
                                sent[sent.length - 1] = 42;
                                assertEquals(
                                        HexFormat.of().formatHex(isTagged ? untagged(sent) : sent),
                                        HexFormat.of().formatHex(answer.join()));
                            }

                            assertEquals(2, edge.count(FilterVerdict.TAKE_VIP));
                            assertEquals(FRAMES_PER_PORT, framesOf(edge));
                        }

                        return null;
                    });
        }
    }

    @Test
    void shouldSendByOneInterfaceWhatCameInByAnotherWithoutACopy() throws Exception {
        try (EdgeSite site = EdgeSite.create(2)) {
            // given a second wire, with fewer queues
            site.box.sh("ip link add eth1 type veth peer name eth1 netns " + site.client.name());
            site.box.sh("ip link set eth1 up");
            site.client.sh("ip link set eth1 up");

            site.box.call(
                    () -> {
                        final XdpSettings settings =
                                new XdpSettings(
                                        List.of(
                                                XdpSettings.Interface.of("eth0"),
                                                XdpSettings.Interface.of("eth1")),
                                        XdpSettings.AUTO,
                                        FRAMES_PER_PORT,
                                        2048,
                                        HugePages.AUTO);
                        try (XdpEdge edge = XdpEdge.open(settings)) {
                            assertEquals(1, edge.workers());
                            assertEquals(
                                    List.of(0, 0, 1),
                                    edge.ports(0).stream()
                                            .map(PacketPort::interfaceIndex)
                                            .toList());
                            edge.filter().add(RULES);
                            edge.attach();
                            final PacketPort out = edge.ports(0).get(2);
                            final byte[] sent = datagram(false);
                            final CompletableFuture<byte[]> arrived =
                                    rawExchange(site, sent, "eth1");

                            // when
                            final PacketBurst burst = new PacketBurst();
                            pump(
                                    List.of(),
                                    () ->
                                            edge.ports(0).get(0).receive(burst) > 0
                                                    || edge.ports(0).get(1).receive(burst) > 0,
                                    "the frame at eth0");
                            assertEquals(1, burst.count);
                            assertEquals(0, burst.ingress[0]);
                            assertTrue(out.transmit(burst.address[0], burst.length[0]));
                            pump(List.of(out), arrived::isDone, "the frame at eth1");

                            // then
                            assertArrayEquals(sent, arrived.join());
                            pump(List.of(out), () -> out.flush() == 0, "the end of the work");
                            assertEquals(3 * FRAMES_PER_PORT, framesOf(edge));
                        }

                        return null;
                    });
        }
    }

    /** An Ethernet frame to everybody's MAC but with no group bit; UDP to the VIP. */
    private static byte[] datagram(final boolean isTagged) {
        return HexFormat.of()
                .parseHex(
                        "020000000001020000000002"
                                + (isTagged ? "8100002a" : "")
                                + "0800450000260001400040110000" // checksum unread
                                + "0a090002c000020a"
                                + "9c401b5800120000"
                                + "00010203040506070809");
    }

    private static byte[] untagged(final byte[] frame) {
        final byte[] rest = new byte[frame.length - 4];
        System.arraycopy(frame, 0, rest, 0, 12);
        System.arraycopy(frame, 16, rest, 12, frame.length - 16);
        return rest;
    }

    private static byte[] bytesOf(final PacketBurst burst) {
        final byte[] bytes = new byte[burst.length[0]];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = RawMemory.getByte(burst.address[0] + i);
        }

        return bytes;
    }

    private static CompletableFuture<byte[]> rawExchange(final EdgeSite site, final byte[] frame) {
        return rawExchange(site, frame, "eth0");
    }

    /** Sends a frame by the client's eth0; the first frame that comes in by {@code answerBy}. */
    private static CompletableFuture<byte[]> rawExchange(
            final EdgeSite site, final byte[] frame, final String answerBy) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return site.client.call(
                                () -> {
                                    try (RawSocket out = new RawSocket(link("eth0").index());
                                            RawSocket in = new RawSocket(link(answerBy).index())) {
                                        out.send(frame);
                                        return in.receive();
                                    }
                                });
                    } catch (final Exception e) {
                        throw new IllegalStateException(e);
                    }
                });
    }

    @Test
    void shouldLetInOnlyWhatTheRulesSay() throws Exception {
        try (EdgeSite site = EdgeSite.create(1)) {
            site.box.call(
                    () -> {
                        try (XdpEdge edge = XdpEdge.open(settings())) {
                            // given nothing let in
                            edge.attach();
                            shout(site, 10);
                            await(
                                    () -> edge.count(FilterVerdict.PASS_OTHER) >= 10,
                                    "frames that pass");
                            assertEquals(0, edge.count(FilterVerdict.TAKE_VIP));

                            // when the VIP is
                            edge.filter().add(RULES);
                            shout(site, 10);
                            pump(
                                    edge.ports(0),
                                    () -> edge.count(FilterVerdict.TAKE_VIP) == 10,
                                    "frames that are taken");

                            // and then no more; the box's own address stays the kernel's
                            edge.filter()
                                    .retain(new FilterRules(Set.of(), Set.of(), RULES.locals()));
                            final long passed = edge.count(FilterVerdict.PASS_OTHER);
                            shout(site, 10);
                            await(
                                    () -> edge.count(FilterVerdict.PASS_OTHER) >= passed + 10,
                                    "frames that pass again");
                            assertEquals(10, edge.count(FilterVerdict.TAKE_VIP));
                            site.client.sh("ping -c 1 -W 5 10.9.0.1");
                            assertTrue(edge.count(FilterVerdict.PASS_LOCAL) > 0);
                        }

                        return null;
                    });
        }
    }

    @Test
    void shouldLoseNoFrameWhenNobodyReads() throws Exception {
        try (EdgeSite site = EdgeSite.create(1)) {
            site.box.call(
                    () -> {
                        try (XdpEdge edge = XdpEdge.open(settings())) {
                            edge.filter().add(RULES);
                            edge.attach();
                            final XdpPort port = (XdpPort) edge.ports(0).get(0);

                            // when more comes than there are frames for
                            shout(site, 3 * FRAMES_PER_PORT);
                            await(
                                    () -> port.statistics().fillRingEmpty() > 0,
                                    "a packet that finds no frame");
                            assertEquals(FRAMES_PER_PORT, framesOf(edge));

                            // then what is there is answered, and the frames are back at work
                            final PacketBurst burst = new PacketBurst();
                            int answered = 0;
                            int work;
                            do {
                                work = echo(edge.ports(0), burst);
                                answered += burst.count;
                            } while (work > 0);
                            assertTrue(answered >= FRAMES_PER_PORT / 2, answered + " answered");
                            final CompletableFuture<Integer> client = client(site, 1, 10);
                            pump(edge.ports(0), client::isDone, "the client's answers");
                            assertEquals(10, client.join());
                            assertEquals(FRAMES_PER_PORT, framesOf(edge));
                            assertEquals(0, port.statistics().txInvalid());
                            assertEquals(0, port.statistics().rxInvalid());
                        }

                        return null;
                    });
        }
    }

    @Test
    void shouldAllocateNothingForAPacket() throws Exception {
        try (EdgeSite site = EdgeSite.create(1)) {
            site.box.call(
                    () -> {
                        try (XdpEdge edge = XdpEdge.open(settings())) {
                            edge.filter().add(RULES);
                            edge.attach();
                            final PacketPort port = edge.ports(0).get(0);
                            final PacketBurst burst = new PacketBurst();
                            final ThreadMXBean threads =
                                    (ThreadMXBean) ManagementFactory.getThreadMXBean();

                            final int rounds = 40;
                            long allocated = 0;
                            int received = 0;
                            for (int round = 0; round < rounds; round++) {
                                shout(site, 100);
                                final long before = threads.getCurrentThreadAllocatedBytes();
                                int seen = 0;
                                for (int empty = 0; seen < 100 && empty < 1_000_000; empty++) {
                                    seen += port.receive(burst);
                                    for (int i = 0; i < burst.count; i++) {
                                        port.transmit(burst.address[i], burst.length[i]);
                                    }

                                    port.flush();
                                }

                                if (round >= rounds / 2) {
                                    allocated += threads.getCurrentThreadAllocatedBytes() - before;
                                    received += seen;
                                }
                            }

                            assertEquals(100 * rounds / 2, received);
                            assertTrue(
                                    allocated < received,
                                    allocated + " bytes for " + received + " packets");
                        }

                        return null;
                    });
        }
    }

    @Test
    void shouldSurviveAnInterfaceThatIsSwitchedOffAndTakenAway() throws Exception {
        try (EdgeSite site = EdgeSite.create(1)) {
            site.box.call(
                    () -> {
                        try (XdpEdge edge = XdpEdge.open(settings())) {
                            edge.attach();
                            final PacketPort port = edge.ports(0).get(0);
                            final long address = edge.frames(0).pop();

                            site.box.sh("ip link set eth0 down");
                            assertTrue(port.transmit(address, 60));
                            port.flush();
                            assertEquals(FRAMES_PER_PORT, framesOf(edge));

                            site.box.sh("ip link del eth0");
                            port.flush();
                            assertEquals(FRAMES_PER_PORT, framesOf(edge));
                        }

                        return null;
                    });
        }
    }

    @Test
    void shouldLeaveNothingBehindWhenKilledAndStartAgain() throws Exception {
        try (EdgeSite site = EdgeSite.create(2)) {
            // given a data plane in a process of its own
            final Process process =
                    new ProcessBuilder(
                                    "ip",
                                    "netns",
                                    "exec",
                                    site.box.name(),
                                    Path.of(System.getProperty("java.home"), "bin", "java")
                                            .toString(),
                                    "--add-exports",
                                    "java.base/jdk.internal.misc=ALL-UNNAMED",
                                    "--enable-native-access=ALL-UNNAMED",
                                    "-cp",
                                    System.getProperty("java.class.path"),
                                    AttachedProcess.class.getName())
                            .redirectError(ProcessBuilder.Redirect.INHERIT)
                            .start();
            try (BufferedReader output =
                    new BufferedReader(
                            new InputStreamReader(
                                    process.getInputStream(), StandardCharsets.UTF_8))) {
                assertEquals(AttachedProcess.ATTACHED, output.readLine());
                site.box.call(
                        () -> {
                            assertTrue(eth0().xdpProgramId() != 0);

                            // when it is killed, and started again at once
                            process.destroyForcibly();
                            try (XdpEdge edge = XdpEdge.open(settings())) {
                                edge.filter().add(RULES);
                                edge.attach();
                                final CompletableFuture<Integer> client = client(site, 1, 10);
                                pump(allPorts(edge), client::isDone, "the client's answers");
                                assertEquals(10, client.join());
                            }

                            // then nothing is left of either
                            assertTrue(process.waitFor(10, TimeUnit.SECONDS));
                            assertEquals(0, eth0().xdpProgramId());
                            return null;
                        });
            } finally {
                process.destroyForcibly();
            }
        }
    }

    @Test
    void shouldRefuseASecondDataPlaneOnAQueue() throws Exception {
        try (EdgeSite site = EdgeSite.create(1)) {
            site.box.call(
                    () -> {
                        try (XdpEdge edge = XdpEdge.open(settings())) {
                            final LinuxException refused =
                                    assertThrows(
                                            LinuxException.class, () -> XdpEdge.open(settings()));

                            assertEquals(Errno.EBUSY, refused.errno());
                            assertEquals(
                                    "bind(AF_XDP) of eth0 queue 0: EBUSY (Device or resource busy):"
                                            + " another AF_XDP socket has the queue: stop the"
                                            + " program that it belongs to",
                                    refused.getMessage());
                            assertEquals(1, edge.workers());
                        }

                        return null;
                    });
        }
    }

    @Test
    void shouldSayWhatIsWrongWithAnInterface() throws Exception {
        try (EdgeSite site = EdgeSite.create(2)) {
            site.box.sh("ip link add wide type veth peer name peer && ip link set wide up");
            site.box.sh("ip link set wide mtu 3000");
            site.box.sh("ip link add off type veth peer name peer2");

            site.box.call(
                    () -> {
                        assertEquals("there is no interface eth9", refusal("eth9", 0, 0));
                        assertEquals(
                                "interface off is down: `ip link set dev off up`",
                                refusal("off", 0, 0));
                        assertEquals("interface lo is no Ethernet interface", refusal("lo", 0, 0));
                        assertEquals(
                                "interface wide has MTU 3000, and a frame of 2048 bytes holds"
                                        + " packets of up to 1774: lower the MTU or set the frame"
                                        + " size to 4096",
                                refusal("wide", 0, 0));
                        assertEquals(
                                "interface eth0 has 2 receive queues, not 3: `ethtool -L eth0"
                                        + " combined 3`",
                                refusal("eth0", 3, 0));
                        assertEquals(
                                "3 workers need as many queues on every interface, and eth0 has 2",
                                refusal("eth0", 0, 3));
                        return null;
                    });
        }
    }

    private static String refusal(final String name, final int queues, final int workers) {
        final XdpSettings settings =
                new XdpSettings(
                        List.of(
                                new XdpSettings.Interface(
                                        name,
                                        XdpSettings.Mode.AUTO,
                                        XdpSettings.ZeroCopy.AUTO,
                                        queues)),
                        workers,
                        FRAMES_PER_PORT,
                        2048,
                        HugePages.AUTO);
        return assertThrows(IllegalArgumentException.class, () -> XdpEdge.open(settings))
                .getMessage();
    }

    @Test
    void shouldRefuseZeroCopyWhereItIsDemandedAndNotThere() throws Exception {
        try (EdgeSite site = EdgeSite.create(1)) {
            site.box.call(
                    () -> {
                        final XdpSettings settings =
                                settings(
                                        new XdpSettings.Interface(
                                                "eth0",
                                                XdpSettings.Mode.AUTO,
                                                XdpSettings.ZeroCopy.ON,
                                                XdpSettings.AUTO));

                        assertEquals(
                                "bind(AF_XDP) of eth0 queue 0: EOPNOTSUPP (Operation not"
                                        + " supported): the driver offers no zero-copy: set"
                                        + " zero-copy to auto or off",
                                assertThrows(LinuxException.class, () -> XdpEdge.open(settings))
                                        .getMessage());
                        return null;
                    });
        }
    }
}
