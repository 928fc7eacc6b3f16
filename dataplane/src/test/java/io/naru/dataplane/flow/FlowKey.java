package io.naru.dataplane.flow;

import java.util.List;
import java.util.Random;

/** A flow as tests name it; all fields as on the wire. */
record FlowKey(
        int clientIp,
        int clientPort,
        int vip,
        int vipPort,
        int protocol,
        int backendIp,
        int backendPort) {

    static FlowKey random(final Random random) {
        return new FlowKey(
                random.nextInt(),
                random.nextInt(65536),
                random.nextInt(),
                random.nextInt(65536),
                random.nextBoolean() ? 6 : 17,
                random.nextInt() | 1,
                random.nextInt(65536));
    }

    long keyA(final int direction) {
        return direction == FlowEntry.TO_BACKEND
                ? (clientIp & 0xffff_ffffL) | (long) vip << 32
                : (backendIp & 0xffff_ffffL) | (long) clientIp << 32;
    }

    long keyB(final int direction) {
        return (long) protocol << 32
                | (direction == FlowEntry.TO_BACKEND
                        ? clientPort | (long) vipPort << 16
                        : backendPort | (long) clientPort << 16);
    }

    long hash(final FlowHash hash) {
        return hash.hash(clientIp, clientPort, protocol);
    }

    /** What the hash is taken from. */
    List<Integer> client() {
        return List.of(clientIp, clientPort, protocol);
    }
}
