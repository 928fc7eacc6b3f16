package io.naru.bench.throughput;

import io.naru.dataplane.port.FrameStack;
import io.naru.dataplane.port.PacketPort;
import java.util.concurrent.TimeUnit;

/** Sends {@link ProbeFrame}s out of one port, as fast as it can or at a set rate. */
final class Generator {
    private static final int BURST = 64;
    private static final int HEADROOM_BYTES = 256;

    private final PacketPort port;
    private final FrameStack free;
    private final long gatewayMacNet;
    private final int firstClient;
    private final int vip;
    private final int vipPort;
    private final int flows;
    private int nextFlow;

    Generator(
            final PacketPort port,
            final FrameStack free,
            final long gatewayMacNet,
            final int firstClient,
            final int vip,
            final int vipPort,
            final int flows) {
        this.port = port;
        this.free = free;
        this.gatewayMacNet = gatewayMacNet;
        this.firstClient = firstClient;
        this.vip = vip;
        this.vipPort = vipPort;
        this.flows = flows;
    }

    /** Sends for a time, as fast as the kernel takes the frames; the number sent. */
    long flood(final long durationNs) {
        final long deadline = System.nanoTime() + durationNs;
        long sent = 0;
        while (System.nanoTime() < deadline) {
            for (int i = 0; i < BURST && send(0); i++) {
                sent++;
            }

            port.flush();
        }

        return sent;
    }

    /** Sends one frame at a time, evenly spaced, each with the time it was meant to be sent. */
    long pace(final long durationNs, final long packetsPerSecond) {
        final long intervalNs = TimeUnit.SECONDS.toNanos(1) / packetsPerSecond;
        final long start = System.nanoTime();
        long sent = 0;
        for (long dueNs = start; dueNs - start < durationNs; dueNs += intervalNs) {
            while (System.nanoTime() < dueNs) {
                Thread.onSpinWait();
            }

            // The time it was due, not the time we got to it: a stall must not hide itself.
            if (send(dueNs)) {
                sent++;
            }

            port.flush();
        }

        return sent;
    }

    private boolean send(final long sentNs) {
        final long chunk = free.pop();
        if (chunk == 0) {
            return false;
        }

        final long frame = chunk + HEADROOM_BYTES;
        ProbeFrame.write(
                frame, gatewayMacNet, port.macNet(), firstClient, vip, vipPort, nextFlow, sentNs);
        if (!port.transmit(frame, ProbeFrame.LENGTH)) {
            free.push(chunk);
            return false;
        }

        nextFlow = nextFlow + 1 == flows ? 0 : nextFlow + 1;
        return true;
    }
}
