package io.naru.controlplane.config;

import io.naru.dataplane.protocol.Persistence;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;

/**
 * Whether a client's flows all go to one backend.
 *
 * @param timeout after its latest new flow a client is forgotten; zero is no persistence.
 * @param prefix bits of an IPv4 address that tell clients apart.
 * @param prefix6 bits of an IPv6 address.
 * @param group services with the same one remember clients together; null is the service alone.
 */
public record PersistenceConfig(Duration timeout, int prefix, int prefix6, String group) {
    public static final PersistenceConfig NONE =
            new PersistenceConfig(
                    Duration.ZERO,
                    Persistence.NONE.prefixLength4(),
                    Persistence.NONE.prefixLength6(),
                    null);

    /** The same for the data plane. */
    public Persistence spec() {
        return new Persistence(
                (int) timeout.toSeconds(),
                prefix,
                prefix6,
                group == null ? Persistence.ALONE : numberOf(group));
    }

    /** A number above 0 that is the same in every process: a restart changes nobody's group. */
    private static long numberOf(final String name) {
        try {
            final byte[] digest =
                    MessageDigest.getInstance("SHA-256")
                            .digest(name.getBytes(StandardCharsets.UTF_8));
            long number = 0;
            for (int i = 0; i < Long.BYTES; i++) {
                number = (number << Byte.SIZE) | (digest[i] & 0xff);
            }

            return Math.max(1, number & Long.MAX_VALUE);
        } catch (final NoSuchAlgorithmException ex) {
            throw new IllegalStateException(ex); // every Java has it
        }
    }
}
