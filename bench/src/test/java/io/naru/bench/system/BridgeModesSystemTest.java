package io.naru.bench.system;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.naru.bench.topology.Curl;
import io.naru.bench.topology.Family;
import io.naru.bench.topology.Namespace;
import io.naru.bench.topology.Site;
import io.naru.bench.topology.Topology;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** A bridge between the edge router and the servers: mode {@code nat}, and all else untouched. */
class BridgeModesSystemTest extends ModesSystemTest {
    private static final String LLDP =
            "0180c200000e 020000000077 88cc 020704020000000077 040703020000000077 06020078 0000";
    private static final String TAGGED =
            "ffffffffffff 020000000077 8100 004d 0806 0001080006040001 020000000077 0a090001 000000000000 0a090002";
    private static final String MULTICAST = "01005e000077 020000000077 88b5 4e617275";

    BridgeModesSystemTest() {
        super("naru-brg", Topology.BRIDGE);
    }

    @Override
    List<Capture> captureWhatIsSent(final Site site, final Path directory) {
        return List.of(
                Capture.received(site.front(), directory, "lb-eth0"),
                Capture.received(site.zwitch(), directory, "lb-eth1"),
                Capture.received(site.balancer(), directory, "host1"));
    }

    @Test
    void shouldPassWhatIsNotForAVip() {
        for (final Family family : Family.values()) {
            final String server = Site.serverAddress(family, 1);
            for (final Namespace caller :
                    List.of(system.site.edge(), system.site.balancer(), client())) {
                caller.run("ping", "-c", "2", "-i", "0.2", "-W", "2", server);
            }
        }
    }

    @Test
    void shouldPassFramesUntouchedThatAreNotIp() throws Exception {
        final List<String> frames = List.of(LLDP, TAGGED, MULTICAST);
        final Capture behind =
                Capture.receivedFrames(
                        system.site.zwitch(),
                        system.network.directory(),
                        "lb-eth1",
                        "ether src 02:00:00:00:00:77");

        for (final String frame : frames) {
            send(system.site.front(), "lb-eth0", frame);
        }

        Await.until(
                "each frame has come through",
                () -> behind.frames().size() >= frames.size(),
                () -> behind.frames() + system.evidence());
        final List<String> expected = new ArrayList<>();
        frames.forEach(frame -> expected.add(frame.replace(" ", "")));
        assertEquals(expected, behind.stop().frames());
    }

    @Test
    @Order(Integer.MAX_VALUE)
    void shouldNoticeThatBothPortsAreOnOneSegmentAndRecover() {
        final Namespace front = system.site.front();
        system.network.connect(front, "cable", system.site.zwitch(), "cable", 1);
        front.ip("link set cable master br0\n");
        system.site.zwitch().ip("link set cable master br0\n");
        send(front, "lb-eth0", MULTICAST);

        Await.until(
                "the loop is told",
                () -> system.balancer.naru("get", "drops").output().contains("bridge-loop"),
                system::evidence);

        front.ip("link delete cable\n");
        Await.until(
                "all is served again",
                () ->
                        Case.of(Topology.BRIDGE).stream()
                                .allMatch(
                                        each ->
                                                Curl.get(client(), url(each), 6, 1).stream()
                                                        .allMatch(Curl.Reply::ok)),
                system::evidence);
    }

    /** Sends a frame, given in hexadecimal, out of a device. */
    private void send(final Namespace host, final String device, final String frame) {
        final StringBuilder octal = new StringBuilder();
        final String digits = frame.replace(" ", "");
        for (int i = 0; i < digits.length(); i += 2) {
            octal.append("\\0%03o".formatted(Integer.parseInt(digits.substring(i, i + 2), 16)));
        }

        host.run("sh", "-c", "printf %%b '%s' | socat -u - INTERFACE:%s".formatted(octal, device));
    }
}
