package io.naru.controlplane.health;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.Map;
import javax.net.ssl.SSLException;

/**
 * Whom https checks trust: everybody, the authorities of Java, or those of a file, which is read
 * again when it has changed. Used by one thread.
 */
final class TlsContexts {
    private record FromFile(FileTime changed, SslContext context) {}

    private final Map<String, FromFile> fromFiles = new HashMap<>();
    private SslContext ofJava;
    private SslContext ofEverybody;

    /**
     * The context for a check.
     *
     * @throws IOException with the file and what is wrong with it.
     */
    SslContext of(final CheckSpec.Http spec) throws IOException {
        if (!spec.verify()) {
            return ofEverybody();
        }

        return spec.caFile().isEmpty() ? ofJava() : ofFile(spec.caFile());
    }

    private SslContext ofEverybody() throws SSLException {
        if (ofEverybody == null) {
            ofEverybody =
                    builder()
                            .trustManager(InsecureTrustManagerFactory.INSTANCE)
                            .endpointIdentificationAlgorithm(null)
                            .build();
        }
        return ofEverybody;
    }

    private SslContext ofJava() throws SSLException {
        if (ofJava == null) {
            ofJava = builder().build();
        }
        return ofJava;
    }

    private SslContext ofFile(final String name) throws IOException {
        final Path file = Path.of(name);
        try {
            final FileTime changed = Files.getLastModifiedTime(file);
            FromFile known = fromFiles.get(name);
            if (known == null || !known.changed().equals(changed)) {
                known = new FromFile(changed, builder().trustManager(file.toFile()).build());
                fromFiles.put(name, known);
            }
            return known.context();
        } catch (final NoSuchFileException e) {
            throw new IOException("there is no ca-file " + name, e);
        } catch (final IOException | IllegalArgumentException e) {
            throw new IOException("the ca-file " + name + " cannot be used: " + reason(e), e);
        }
    }

    private static String reason(final Exception e) {
        final Throwable cause = e.getCause() == null ? e : e.getCause();
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }

    private static SslContextBuilder builder() {
        return SslContextBuilder.forClient().sslProvider(SslProvider.JDK);
    }
}
