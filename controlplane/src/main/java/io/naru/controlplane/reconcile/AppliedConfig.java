package io.naru.controlplane.reconcile;

import io.naru.controlplane.config.NaruConfig;
import io.naru.controlplane.events.Actor;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The configuration that runs, and where it came from.
 *
 * @param revision counts applies; a change that was computed on another one is refused.
 * @param source name of the file, as its sender called it.
 * @param text of the file.
 * @param by null when it was read at start or on SIGHUP.
 */
public record AppliedConfig(
        NaruConfig config, long revision, String source, String text, long atMs, Actor by) {

    /** SHA-256 of a configuration's text, in hexadecimal. */
    public static String hash(final String text) {
        try {
            return HexFormat.of()
                    .formatHex(
                            MessageDigest.getInstance("SHA-256")
                                    .digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (final NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JRE has it
        }
    }
}
