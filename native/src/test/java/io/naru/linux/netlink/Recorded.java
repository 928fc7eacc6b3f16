package io.naru.linux.netlink;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.agrona.concurrent.UnsafeBuffer;

/** Messages as a Linux 6.18 kernel sent them; that of a VLAN device is of a 6.1. */
final class Recorded {
    private Recorded() {}

    static NetlinkMessageFlyweight message(final String hex) {
        final byte[] bytes = HexFormat.of().parseHex(hex.replaceAll("\\s", ""));
        return new NetlinkMessageFlyweight().wrap(new UnsafeBuffer(bytes), 0);
    }

    static NetlinkMessageFlyweight resource(final String name) {
        try (InputStream in = Recorded.class.getResourceAsStream(name + ".hex")) {
            return message(new String(in.readAllBytes(), StandardCharsets.US_ASCII));
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
