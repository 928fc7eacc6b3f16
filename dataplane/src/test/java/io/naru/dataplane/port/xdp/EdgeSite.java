package io.naru.dataplane.port.xdp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.naru.dataplane.TestNamespace;
import io.naru.dataplane.packet.RawMemory;
import io.naru.dataplane.port.FilterRules;
import io.naru.dataplane.port.FilterRules.Address;
import io.naru.dataplane.port.FilterRules.ServiceRule;
import io.naru.dataplane.port.PacketBurst;
import io.naru.dataplane.port.PacketPort;
import io.naru.linux.memory.HugePages;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Two namespaces on one wire; the test plays the data plane of the left one.
 *
 * <pre>
 *   box: eth0 10.9.0.1, VIP 192.0.2.10 ─────── client: eth0 10.9.0.2
 * </pre>
 */
final class EdgeSite implements AutoCloseable {
    static final String BOX_ADDRESS = "10.9.0.1";
    static final String VIP = "192.0.2.10";
    static final int SERVICE_PORT = 7000;
    static final int FRAMES_PER_PORT = 512;

    static final FilterRules RULES =
            new FilterRules(
                    Set.of(
                            new ServiceRule(
                                    Address.ipv4(0xc000020a), 17, SERVICE_PORT, SERVICE_PORT)),
                    Set.of(),
                    Set.of(Address.ipv4(0x0a090001)));

    private static final long LIMIT_NS = TimeUnit.SECONDS.toNanos(20);
    private static final int ETHER_TYPE_OFFSET = 12;
    private static final short VLAN_NET = 0x0081; // 0x8100 as it is loaded
    private static final int ETHERNET_LENGTH = 14;
    private static final int VLAN_LENGTH = 4;
    private static final int IPV4_SOURCE_OFFSET = 12;
    private static final int IPV4_DESTINATION_OFFSET = 16;
    private static final int IPV4_LENGTH = 20;

    final TestNamespace box;
    final TestNamespace client;

    private EdgeSite(final TestNamespace box, final TestNamespace client) {
        this.box = box;
        this.client = client;
    }

    static EdgeSite create(final int queues) {
        final TestNamespace box = TestNamespace.create("box");
        final EdgeSite site;
        try {
            site = new EdgeSite(box, TestNamespace.create("client"));
        } catch (final RuntimeException e) {
            box.close();
            throw e;
        }

        try {
            site.connect(queues);
            return site;
        } catch (final RuntimeException e) {
            site.close();
            throw e;
        }
    }

    static XdpSettings settings(final XdpSettings.Interface one) {
        return new XdpSettings(
                List.of(one), XdpSettings.AUTO, FRAMES_PER_PORT, 2048, HugePages.OFF);
    }

    static XdpSettings settings() {
        return settings(XdpSettings.Interface.of("eth0"));
    }

    /** Works the worker's ports until something has come true. */
    static void pump(final List<PacketPort> ports, final BooleanSupplier done, final String what) {
        final PacketBurst burst = new PacketBurst();
        final long deadlineNs = System.nanoTime() + LIMIT_NS;
        while (!done.getAsBoolean()) {
            assertTrue(System.nanoTime() - deadlineNs < 0, () -> "never saw: " + what);
            if (echo(ports, burst) == 0) {
                LockSupport.parkNanos(100_000);
            }
        }
    }

    /** Sends everything received back to where it came from; the amount of work done. */
    static int echo(final List<PacketPort> ports, final PacketBurst burst) {
        int work = 0;
        for (int p = 0; p < ports.size(); p++) {
            final PacketPort port = ports.get(p);
            work += port.receive(burst);
            for (int i = 0; i < burst.count; i++) {
                assertEquals(port.interfaceIndex(), burst.ingress[i]);
                turnRound(burst.address[i]);
                assertTrue(port.transmit(burst.address[i], burst.length[i]), "the ring is full");
            }

            work += port.flush();
        }

        return work;
    }

    static void await(final BooleanSupplier done, final String what) {
        pump(List.of(), done, what);
    }

    @Override
    public void close() {
        client.close();
        box.close();
    }

    private void connect(final int queues) {
        final String count = "numrxqueues %d numtxqueues %d".formatted(queues, queues);
        box.sh(
                "ip link add eth0 %s type veth peer name eth0 %s netns %s"
                        .formatted(count, count, client.name()));
        box.sh("ip addr add %s/24 dev eth0 && ip link set eth0 up".formatted(BOX_ADDRESS));
        client.sh("ip addr add 10.9.0.2/24 dev eth0 && ip link set eth0 up");
        client.sh("ethtool -K eth0 tx off tso off gso off gro off txvlan off");
        client.sh("ip route add %s/32 via %s".formatted(VIP, BOX_ADDRESS));
        final String mac = box.sh("cat /sys/class/net/eth0/address");
        client.sh("ip neigh replace %s lladdr %s dev eth0".formatted(BOX_ADDRESS, mac));
    }

    /** Swaps MACs, addresses and ports: every checksum stays right. */
    private static void turnRound(final long packet) {
        final boolean isTagged = RawMemory.getShort(packet + ETHER_TYPE_OFFSET) == VLAN_NET;
        final long ip = packet + ETHERNET_LENGTH + (isTagged ? VLAN_LENGTH : 0);
        for (int i = 0; i < 6; i += Short.BYTES) {
            swapShorts(packet + i, packet + 6 + i);
        }

        final int source = RawMemory.getInt(ip + IPV4_SOURCE_OFFSET);
        RawMemory.putInt(ip + IPV4_SOURCE_OFFSET, RawMemory.getInt(ip + IPV4_DESTINATION_OFFSET));
        RawMemory.putInt(ip + IPV4_DESTINATION_OFFSET, source);
        swapShorts(ip + IPV4_LENGTH, ip + IPV4_LENGTH + Short.BYTES);
    }

    private static void swapShorts(final long one, final long other) {
        final short kept = RawMemory.getShort(one);
        RawMemory.putShort(one, RawMemory.getShort(other));
        RawMemory.putShort(other, kept);
    }
}
