package io.naru.controlplane.cli;

import io.naru.controlplane.config.Suggestion;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/** What {@code naru get} lists, and the filters that each of them takes. */
@SuppressWarnings("ImmutableEnumChecker") // Set.of and List.of are
enum Noun {
    SERVICES(Set.of(), "state", "pool"),
    POOLS(Set.of()),
    BACKENDS(Set.of("service", "pool"), "state"),
    FLOWS(Set.of("service", "backend", "state", "src", "sport", "age")),
    EVENTS(Set.of("kind", "subject")),
    DROPS(Set.of()),
    WORKERS(Set.of()),
    OVERRIDES(Set.of());

    private final Set<String> parameters;
    private final List<String> members;

    /**
     * @param parameters of the request.
     * @param members of the items that the client itself compares.
     */
    Noun(final Set<String> parameters, final String... members) {
        this.parameters = parameters;
        this.members = List.of(members);
    }

    String plural() {
        return name().toLowerCase(Locale.ROOT);
    }

    private String singular() {
        return plural().substring(0, plural().length() - 1);
    }

    boolean isParameter(final String word) {
        return parameters.contains(word);
    }

    boolean isMember(final String word) {
        return members.contains(word);
    }

    List<String> words() {
        return Stream.concat(parameters.stream(), members.stream()).sorted().toList();
    }

    /** {@code services} or {@code service}; a mistyped one is refused with what was meant. */
    static Noun of(final String text) {
        for (final Noun noun : values()) {
            if (noun.plural().equals(text) || noun.singular().equals(text)) {
                return noun;
            }
        }

        final List<String> nouns = Arrays.stream(values()).map(Noun::plural).toList();
        final String suggestion = Suggestion.closest(text, nouns);
        throw new CliException(
                ExitCode.USAGE,
                "there are no '" + text + "' to get",
                suggestion == null
                        ? "one of " + String.join(", ", nouns)
                        : "did you mean '" + suggestion + "'?");
    }
}
