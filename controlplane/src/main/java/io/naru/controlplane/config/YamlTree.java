package io.naru.controlplane.config;

import java.util.Optional;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.composer.Composer;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.parser.Parser;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/** Makes a tree of nodes of a YAML 1.2 text (and so of a JSON text), within limits. */
final class YamlTree {
    /** Room for {@code Limits.MAX_BACKENDS} backends of the longest form, several times over. */
    static final int MAX_CHARACTERS = 8 << 20;

    private static final int MAX_DEPTH = 32;
    private static final int MAX_NODES = 1_000_000;
    private static final int MAX_ALIASES = 10_000;

    private YamlTree() {}

    /** The root of the one document in {@code text}; empty after reporting why there is none. */
    static Optional<Node> read(final String text, final Problems problems) {
        if (text.length() > MAX_CHARACTERS) {
            problems.error(
                    Optional.empty(),
                    "has " + text.length() + " characters; at most " + MAX_CHARACTERS + " are read",
                    null);
            return Optional.empty();
        }

        final LoadSettings settings =
                LoadSettings.builder()
                        .setCodePointLimit(MAX_CHARACTERS)
                        .setMaxAliasesForCollections(MAX_ALIASES)
                        .setAllowNonScalarKeys(true) // the binder refuses them, with their place
                        .build();
        try {
            final Parser parser =
                    new LimitedParser(new ParserImpl(settings, new StreamReader(settings, text)));
            final Optional<Node> root = new Composer(settings, parser).getSingleNode();
            if (root.isEmpty()) {
                problems.error(
                        Optional.empty(), "is empty", "config/minimal.yaml is a place to start");
            }
            return root;
        } catch (final LimitException ex) {
            problems.error(ex.mark(), ex.getMessage(), null);
        } catch (final MarkedYamlEngineException ex) {
            problems.error(place(ex), "not YAML: " + describe(ex), hint(ex));
        } catch (final ReaderException ex) {
            problems.error(
                    markOf(text, ex.getPosition()),
                    String.format("the character U+%04X is not allowed", ex.getCodePoint()),
                    null);
        } catch (final NumberFormatException ex) { // the scanner reads past the end of the text
            problems.error(markOf(text, text.length()), "not YAML: it ends within an escape", null);
        } catch (final YamlEngineException ex) {
            problems.error(Optional.empty(), "not YAML: " + firstLine(ex.getMessage()), null);
        }

        return Optional.empty();
    }

    private static String describe(final MarkedYamlEngineException ex) {
        final String problem = firstLine(ex.getProblem());
        return ex.getContext() == null || ex.getContext().isEmpty()
                ? problem
                : firstLine(ex.getContext()) + ": " + problem;
    }

    private static String firstLine(final String text) {
        return text == null ? "unreadable" : text.lines().findFirst().orElse("unreadable");
    }

    /** Where it was noticed; for a text without an end, where that begins. */
    private static Optional<Mark> place(final MarkedYamlEngineException ex) {
        return String.valueOf(ex.getProblem()).contains("unexpected end of stream")
                ? ex.getContextMark().or(ex::getProblemMark)
                : ex.getProblemMark().or(ex::getContextMark);
    }

    private static String hint(final MarkedYamlEngineException ex) {
        final String problem = String.valueOf(ex.getProblem());
        if (problem.contains("'\\t") || problem.contains("\\t(TAB)")) {
            return "YAML is indented with spaces, not with tabs";
        }
        if (problem.contains("but found another document")) {
            return "one file is one document: remove the '---' between them";
        }
        if (problem.contains("expected <block end>")) {
            return "is the line indented like its neighbours?";
        }
        if (problem.contains("mapping values are not allowed")) {
            return "is the indentation right, and is a text with ': ' in it in quotes?";
        }

        return null;
    }

    /** The reader gives a position in code points, not a line. */
    private static Optional<Mark> markOf(final String text, final int position) {
        int line = 0;
        int column = 0;
        final int[] characters = text.codePoints().limit(Math.max(0, position)).toArray();
        for (final int character : characters) {
            column++;
            if (character == '\n') {
                line++;
                column = 0;
            }
        }

        return Optional.of(new Mark("", position, line, column, new int[0], 0));
    }

    /** Ends the parsing where the composer would otherwise run out of stack or memory. */
    private static final class LimitedParser implements Parser {
        private final Parser parser;
        private int depth;
        private int nodes;
        private int aliases;

        LimitedParser(final Parser parser) {
            this.parser = parser;
        }

        @Override
        public boolean checkEvent(final Event.ID choice) {
            return parser.checkEvent(choice);
        }

        @Override
        public Event peekEvent() {
            return parser.peekEvent();
        }

        @Override
        public boolean hasNext() {
            return parser.hasNext();
        }

        @Override
        public Event next() {
            final Event event = parser.next();
            switch (event.getEventId()) {
                case MappingStart, SequenceStart -> {
                    nodes++;
                    depth++;
                }
                case MappingEnd, SequenceEnd -> depth--;
                case Scalar -> nodes++;
                case Alias -> aliases++;
                default -> {}
            }
            check(depth, MAX_DEPTH, "nested deeper than", event);
            check(nodes, MAX_NODES, "more values than", event);
            check(aliases, MAX_ALIASES, "more aliases than", event);
            return event;
        }

        private static void check(
                final int value, final int max, final String what, final Event event) {
            if (value > max) {
                throw new LimitException(what + " " + max, event.getStartMark());
            }
        }
    }
}
