package io.naru.controlplane.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.snakeyaml.engine.v2.nodes.Node;

/**
 * Reads a configuration file: all of it or nothing.
 *
 * <p>Works without a daemon, without root, and never looks at the machine it runs on, so that a
 * file can be checked anywhere.
 */
public final class ConfigReader {
    private static final int MAX_BYTES = 2 * YamlTree.MAX_CHARACTERS;

    private ConfigReader() {}

    /**
     * What became of a file.
     *
     * @param config empty if there is an error among the problems.
     * @param problems errors and warnings, in the file's order.
     */
    public record Result(Optional<NaruConfig> config, List<Problem> problems) {
        public Result {
            problems = List.copyOf(problems);
        }

        /**
         * The configuration.
         *
         * @throws ConfigException with the whole report if there is none.
         */
        public NaruConfig orThrow() throws ConfigException {
            return config.orElseThrow(() -> new ConfigException(problems));
        }
    }

    /**
     * Reads a file of UTF-8.
     *
     * @throws IOException if it cannot be read at all.
     */
    public static Result read(final Path file) throws IOException {
        final String name = file.toString();
        final byte[] bytes;
        try (InputStream input = Files.newInputStream(file)) {
            bytes = input.readNBytes(MAX_BYTES + 1); // a device or a pipe has no size to ask for
        }
        if (bytes.length > MAX_BYTES) {
            return refused(name, "is larger than " + MAX_BYTES + " bytes");
        }
        try {
            final String text =
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .onMalformedInput(CodingErrorAction.REPORT)
                            .decode(ByteBuffer.wrap(bytes))
                            .toString();
            return read(name, text);
        } catch (final CharacterCodingException ex) {
            return refused(name, "is not UTF-8 text");
        }
    }

    /**
     * Reads a text.
     *
     * @param name how the problems call it, usually the file's path.
     */
    public static Result read(final String name, final String text) {
        final Problems problems = new Problems(name, text);
        final Optional<NaruConfig> config =
                YamlTree.read(text, problems).map(root -> bind(root, problems));

        return new Result(problems.hasErrors() ? Optional.empty() : config, problems.toList());
    }

    private static NaruConfig bind(final Node root, final Problems problems) {
        try {
            final Section section = ConfigKeys.ROOT.read(root, "", problems);
            return section == null ? null : ConfigKeys.assemble(section);
        } catch (final LimitException ex) {
            problems.error(ex.mark(), ex.getMessage(), null);
            return null;
        }
    }

    private static Result refused(final String name, final String why) {
        final Problems problems = new Problems(name, "");
        problems.error(Optional.empty(), why, null);
        return new Result(Optional.empty(), problems.toList());
    }
}
