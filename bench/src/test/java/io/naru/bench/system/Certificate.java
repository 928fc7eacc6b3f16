package io.naru.bench.system;

import io.naru.bench.topology.Command;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A certificate that openssl has made.
 *
 * @param chain the file with it, as nginx wants it.
 * @param key the file with its private key.
 */
record Certificate(Path chain, Path key) {
    private static final List<String> NEW_KEY =
            List.of("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes");

    /** One for nobody's eyes: it is not to be verified. */
    static Certificate of(final Path directory) {
        return authority(directory, "www.example.com");
    }

    /** One of an authority, which signs itself. */
    static Certificate authority(final Path directory, final String name) {
        final Certificate made = at(directory, name);
        openssl(
                List.of("req", "-x509", "-days", "30", "-subj", "/CN=" + name),
                NEW_KEY,
                List.of("-keyout", made.key + "", "-out", made.chain + ""));
        return made;
    }

    /**
     * One that this authority has signed.
     *
     * @param name of the files.
     * @param host that it is for.
     * @param days that it is good for; -1: it ended yesterday.
     */
    Certificate sign(final String name, final String host, final int days) {
        final Certificate made = at(chain.getParent(), name);
        final Path request = chain.resolveSibling(name + ".csr");
        openssl(
                List.of("req", "-new", "-subj", "/CN=" + host),
                List.of("-addext", "subjectAltName=DNS:" + host),
                NEW_KEY,
                List.of("-keyout", made.key + "", "-out", request + ""));
        openssl(
                List.of("x509", "-req", "-in", request + "", "-days", String.valueOf(days)),
                List.of("-CA", chain + "", "-CAkey", key + "", "-CAcreateserial"),
                List.of("-copy_extensions", "copyall", "-out", made.chain + ""));
        return made;
    }

    private static Certificate at(final Path directory, final String name) {
        return new Certificate(directory.resolve(name + ".crt"), directory.resolve(name + ".key"));
    }

    @SafeVarargs
    private static void openssl(final List<String>... arguments) {
        final List<String> command = new ArrayList<>(List.of("openssl"));
        for (final List<String> some : arguments) {
            command.addAll(some);
        }

        Command.run(command);
    }
}
