package io.naru.controlplane.cli;

import io.naru.controlplane.config.Suggestion;
import io.naru.controlplane.json.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The words after a noun, in pairs, as {@code ss} and {@code ip} have them: {@code service web
 * state established src 198.51.100.0/24 age > 5m}. All of them must hold.
 */
final class Filter {
    private final Map<String, String> parameters = new LinkedHashMap<>();
    private final Map<String, String> members = new LinkedHashMap<>();

    private Filter() {}

    static Filter of(final Noun noun, final List<String> words) {
        final Filter filter = new Filter();
        final List<String> tokens = tokens(words);
        for (int i = 0; i < tokens.size(); i += 2) {
            final String word = tokens.get(i);
            if (!noun.isParameter(word) && !noun.isMember(word)) {
                throw unknown(noun, word);
            }
            if (i + 1 == tokens.size()) {
                throw new CliException(
                        ExitCode.USAGE, "'" + word + "' of the filter needs a value", null);
            }
            final Map<String, String> map =
                    noun.isParameter(word) ? filter.parameters : filter.members;
            if (map.put(word, tokens.get(i + 1)) != null) {
                throw new CliException(
                        ExitCode.USAGE, "'" + word + "' is given twice in the filter", null);
            }
        }

        return filter;
    }

    /** A shell gives {@code 'age > 5m'} as one argument, {@code age \> 5m} as three. */
    private static List<String> tokens(final List<String> words) {
        final List<String> tokens = new ArrayList<>();
        for (final String word : words) {
            for (final String token : word.replace(">", " ").trim().split("\\s+")) {
                if (!token.isEmpty()) {
                    tokens.add(token);
                }
            }
        }

        return tokens;
    }

    private static CliException unknown(final Noun noun, final String word) {
        final List<String> words = noun.words();
        final String suggestion = Suggestion.closest(word, words);
        return new CliException(
                ExitCode.USAGE,
                noun.plural() + " have no filter '" + word + "'",
                suggestion != null
                        ? "did you mean '" + suggestion + "'?"
                        : words.isEmpty()
                                ? "they take none"
                                : "filters: " + String.join(", ", words));
    }

    void addParameter(final String name, final String value) {
        parameters.put(name, value);
    }

    /** {@code ?service=web&state=established}, or nothing. */
    String query() {
        final StringBuilder query = new StringBuilder();
        parameters.forEach(
                (name, value) ->
                        query.append(query.isEmpty() ? '?' : '&')
                                .append(name)
                                .append('=')
                                .append(ApiClient.encoded(value)));
        return query.toString();
    }

    /** Leaves the items that the client's part of the filter wants. */
    JsonObject restrict(final JsonObject list) {
        if (!members.isEmpty()) {
            list.put(
                    "items",
                    list.objects("items").stream()
                            .filter(
                                    item ->
                                            members.entrySet().stream()
                                                    .allMatch(
                                                            member ->
                                                                    member.getValue()
                                                                            .equals(
                                                                                    item.string(
                                                                                            member
                                                                                                    .getKey()))))
                            .toList());
        }

        return list;
    }
}
