package io.naru.bench.demo;

import io.naru.dataplane.port.memory.MemoryWire;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Hosts that speak just enough TCP for one request and its reply: SYN, SYN-ACK, ACK with the
 * request, the reply with FIN, FIN-ACK, ACK.
 *
 * <p>What they exchange are whole Ethernet frames with right checksums, and they refuse frames with
 * wrong ones. A client on the balancer's first interface, servers on its second. Used by one
 * thread.
 */
final class SimulatedSegment {
    private static final int ETHERNET = 14;
    private static final int IPV4 = ETHERNET + 20;
    private static final int PAYLOAD = IPV4 + 20;
    private static final int ARP_REQUEST = 1;
    private static final int ARP_REPLY = 2;
    private static final int FIN = 0x01;
    private static final int SYN = 0x02;
    private static final int RST = 0x04;
    private static final int PSH = 0x08;
    private static final int ACK = 0x10;
    private static final int COLLECT_LIMIT = 64;
    private static final long REPLY_NS = TimeUnit.SECONDS.toNanos(2);
    private static final long BROADCAST = 0xffff_ffff_ffffL;
    private static final int FIRST_EPHEMERAL_PORT = 32_768;

    private final MemoryWire clientWire;
    private final MemoryWire serverWire;
    private final int clientIp;
    private final int vip;
    private final int vipPort;
    private final Server[] servers;
    private final ByteBuffer out = ByteBuffer.allocate(2048);
    private final UnsafeBuffer outBuffer = new UnsafeBuffer(out);
    private final byte[] in = new byte[2048];
    private long vipMac;
    private int nextPort = FIRST_EPHEMERAL_PORT;
    private int port;
    private String answeredBy;
    private boolean refused;
    private boolean closed;

    /** A server of the segment. */
    static final class Server {
        final String name;
        final int ip;
        final int port;
        final long mac;
        volatile boolean alive = true;

        Server(final String name, final int ip, final int port, final long mac) {
            this.name = name;
            this.ip = ip;
            this.port = port;
            this.mac = mac;
        }
    }

    /** How a request ended. */
    enum Outcome {
        ANSWERED,
        REFUSED,
        TIMED_OUT
    }

    SimulatedSegment(
            final MemoryWire clientWire,
            final MemoryWire serverWire,
            final int clientIp,
            final int vip,
            final int vipPort,
            final Server[] servers) {
        this.clientWire = clientWire;
        this.serverWire = serverWire;
        this.clientIp = clientIp;
        this.vip = vip;
        this.vipPort = vipPort;
        this.servers = servers.clone();
    }

    /** The server that answered the last request; empty if none did. */
    String answeredBy() {
        return answeredBy;
    }

    /** One request on a connection of its own. */
    Outcome request() {
        port = nextPort;
        nextPort = nextPort == 65_535 ? FIRST_EPHEMERAL_PORT : nextPort + 1;
        answeredBy = "";
        refused = false;
        closed = false;

        if (vipMac == 0 && !pump(this::askForVip, () -> vipMac != 0)) {
            return Outcome.TIMED_OUT;
        }

        pump(() -> clientSends(SYN, 1000, 0, ""), () -> closed || refused);
        if (refused) {
            return Outcome.REFUSED;
        }

        return closed && !answeredBy.isEmpty() ? Outcome.ANSWERED : Outcome.TIMED_OUT;
    }

    private boolean pump(final Runnable first, final java.util.function.BooleanSupplier done) {
        final long deadline = System.nanoTime() + REPLY_NS;
        first.run();
        while (!done.getAsBoolean()) {
            final int collected =
                    clientWire.collect(this::onClientPacket, COLLECT_LIMIT)
                            + serverWire.collect(this::onServerPacket, COLLECT_LIMIT);
            if (collected == 0) {
                if (System.nanoTime() > deadline) {
                    return false;
                }
                Thread.onSpinWait();
            }
        }

        return true;
    }

    private void askForVip() {
        out.clear();
        ethernet(BROADCAST, clientMac(), 0x0806);
        out.putShort((short) 1).putShort((short) 0x0800).put((byte) 6).put((byte) 4);
        out.putShort((short) ARP_REQUEST);
        mac(clientMac());
        out.putInt(clientIp);
        mac(0);
        out.putInt(vip);
        send(clientWire);
    }

    private void onClientPacket(final DirectBuffer packet, final int length) {
        final ByteBuffer frame = copy(packet, length);
        if (frame.getShort(12) == 0x0806) {
            if (frame.getShort(20) == ARP_REPLY && frame.getInt(28) == vip) {
                vipMac = readMac(frame, 22);
            }
            return;
        }

        if (!isGoodTcp(frame, length)
                || frame.getInt(26) != vip
                || destinationPort(frame) != port) {
            return;
        }

        final int flags = frame.get(IPV4 + 13);
        final int sequence = frame.getInt(IPV4 + 4);
        if ((flags & RST) != 0) {
            refused = true;
        } else if ((flags & SYN) != 0) {
            clientSends(ACK | PSH, 1001, sequence + 1, "GET / HTTP/1.1\r\nHost: vip\r\n\r\n");
        } else if ((flags & FIN) != 0) {
            final String body = payload(frame);
            answeredBy = body.substring(body.lastIndexOf(' ') + 1).strip();
            clientSends(ACK | FIN, frame.getInt(IPV4 + 8), sequence + body.length() + 1, "");
        } else if (!answeredBy.isEmpty()) {
            closed = true;
        }
    }

    private void onServerPacket(final DirectBuffer packet, final int length) {
        final ByteBuffer frame = copy(packet, length);
        if (frame.getShort(12) != 0x0800 || !isGoodTcp(frame, length)) {
            return;
        }

        for (final Server server : servers) {
            if (server.ip == frame.getInt(30) && server.mac == readMac(frame, 0)) {
                answer(server, frame);
            }
        }
    }

    private void answer(final Server server, final ByteBuffer frame) {
        final int flags = frame.get(IPV4 + 13);
        final int sequence = frame.getInt(IPV4 + 4);
        final int acknowledged = frame.getInt(IPV4 + 8);
        if (!server.alive) {
            serverSends(server, frame, RST | ACK, acknowledged, sequence + 1, "");
        } else if ((flags & SYN) != 0) {
            serverSends(server, frame, SYN | ACK, 5000, sequence + 1, "");
        } else if ((flags & FIN) != 0) {
            serverSends(server, frame, ACK, acknowledged, sequence + 1, "");
        } else if ((flags & PSH) != 0) {
            serverSends(
                    server,
                    frame,
                    FIN | PSH | ACK,
                    acknowledged,
                    sequence + payload(frame).length(),
                    "HTTP/1.1 200 OK\r\n\r\nhello, this is " + server.name);
        }
    }

    private void clientSends(
            final int flags, final int sequence, final int acknowledged, final String payload) {
        out.clear();
        ethernet(vipMac, clientMac(), 0x0800);
        tcp(clientIp, vip, port, vipPort, flags, sequence, acknowledged, payload);
        send(clientWire);
    }

    private void serverSends(
            final Server server,
            final ByteBuffer cause,
            final int flags,
            final int sequence,
            final int acknowledged,
            final String payload) {
        out.clear();
        ethernet(readMac(cause, 6), server.mac, 0x0800);
        tcp(
                server.ip,
                cause.getInt(26),
                server.port,
                cause.getShort(IPV4) & 0xffff,
                flags,
                sequence,
                acknowledged,
                payload);
        send(serverWire);
    }

    private void ethernet(final long to, final long from, final int type) {
        mac(to);
        mac(from);
        out.putShort((short) type);
    }

    private void tcp(
            final int from,
            final int to,
            final int fromPort,
            final int toPort,
            final int flags,
            final int sequence,
            final int acknowledged,
            final String payload) {
        final byte[] data = payload.getBytes(StandardCharsets.US_ASCII);
        out.put((byte) 0x45).put((byte) 0).putShort((short) (40 + data.length));
        out.putShort((short) 1).putShort((short) 0x4000).put((byte) 64).put((byte) 6);
        out.putShort((short) 0).putInt(from).putInt(to);
        out.putShort((short) fromPort).putShort((short) toPort).putInt(sequence);
        out.putInt(acknowledged).put((byte) 0x50).put((byte) flags).putShort((short) 65_535);
        out.putInt(0).put(data);
        out.putShort(ETHERNET + 10, (short) ~sum(out, ETHERNET, 20, 0));
        out.putShort(
                IPV4 + 16,
                (short) ~sum(out, IPV4, 20 + data.length, pseudoHeader(out, 20 + data.length)));
    }

    private static int pseudoHeader(final ByteBuffer frame, final int tcpLength) {
        return sum(frame, 26, 8, 6 + tcpLength);
    }

    /** One's complement sum of big-endian 16-bit words (RFC 1071), folded to 16 bits. */
    private static int sum(
            final ByteBuffer frame, final int offset, final int length, final int initial) {
        long sum = initial;
        for (int i = 0; i < length; i++) {
            final int octet = frame.get(offset + i) & 0xff;
            sum += (i & 1) == 0 ? octet << 8 : octet;
        }

        while (sum >>> 16 != 0) {
            sum = (sum & 0xffff) + (sum >>> 16);
        }

        return (int) sum;
    }

    private static boolean isGoodTcp(final ByteBuffer frame, final int length) {
        if (length < PAYLOAD || frame.getShort(12) != 0x0800 || frame.get(23) != 6) {
            return false;
        }

        final int tcpLength = (frame.getShort(16) & 0xffff) - 20;
        return sum(frame, ETHERNET, 20, 0) == 0xffff
                && sum(frame, IPV4, tcpLength, pseudoHeader(frame, tcpLength)) == 0xffff;
    }

    private static int destinationPort(final ByteBuffer frame) {
        return frame.getShort(IPV4 + 2) & 0xffff;
    }

    private static String payload(final ByteBuffer frame) {
        final int length = (frame.getShort(16) & 0xffff) - 40;
        final byte[] data = new byte[length];
        frame.get(PAYLOAD, data);
        return new String(data, StandardCharsets.US_ASCII);
    }

    private ByteBuffer copy(final DirectBuffer packet, final int length) {
        packet.getBytes(0, in, 0, Math.min(length, in.length));
        return ByteBuffer.wrap(in);
    }

    private void send(final MemoryWire wire) {
        wire.inject(outBuffer, 0, out.position());
    }

    /** A MAC as a big-endian number here; frames are written octet by octet. */
    private void mac(final long mac) {
        out.putShort((short) (mac >>> 32)).putInt((int) mac);
    }

    private static long readMac(final ByteBuffer frame, final int offset) {
        return (frame.getShort(offset) & 0xffffL) << 32 | (frame.getInt(offset + 2) & 0xffff_ffffL);
    }

    private static long clientMac() {
        return 0x02_00_00_00_00_c1L;
    }
}
