package io.naru.controlplane.health;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/** The first octets of what a backend said, up to a limit. */
final class Heard {
    private final int max;
    private final StringBuilder octets = new StringBuilder();
    private long total;

    Heard(final int max) {
        this.max = max;
    }

    /** Takes what fits; the buffer stays as it is. */
    void add(final ByteBuf buffer) {
        total += buffer.readableBytes();
        final int length = Math.min(max - octets.length(), buffer.readableBytes());
        if (length > 0) {
            octets.append(
                    buffer.toString(buffer.readerIndex(), length, StandardCharsets.ISO_8859_1));
        }
    }

    boolean isFull() {
        return octets.length() == max;
    }

    /** How many octets came, those included that did not fit. */
    long total() {
        return total;
    }

    String octets() {
        return octets.toString();
    }
}
