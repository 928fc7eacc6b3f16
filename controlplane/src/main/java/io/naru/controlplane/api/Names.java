package io.naru.controlplane.api;

import io.naru.controlplane.config.NaruConfig;
import io.naru.controlplane.config.ServiceConfig;
import io.naru.controlplane.config.Suggestion;
import io.naru.controlplane.reconcile.BackendName;
import java.util.List;

/** Finds what a request names, and says what it may have meant where that is not there. */
final class Names {
    private Names() {}

    /** {@code path} is {@code [pool, backend]}, or {@code [backend]} where that is unique. */
    static BackendName backend(final NaruConfig config, final List<String> path) {
        final String text = String.join("/", path);
        final List<BackendName> named = BackendName.matching(config, text);
        if (named.size() == 1) {
            return named.get(0);
        }
        if (named.size() > 1) {
            throw ApiProblem.badRequest(
                    "'" + text + "' is " + named.size() + " backends",
                    "say which: "
                            + String.join(", ", named.stream().map(Object::toString).toList()));
        }

        final List<String> names =
                BackendName.of(config)
                        .map(name -> path.size() == 1 ? name.backend() : name.toString())
                        .toList();
        throw ApiProblem.notFound(
                "there is no backend '" + text + "'",
                hint(Suggestion.closest(text, names), "naru get backends lists them"));
    }

    static String service(final NaruConfig config, final String text) {
        if (config.service(text).isPresent()) {
            return text;
        }

        throw ApiProblem.notFound(
                "there is no service '" + text + "'",
                hint(
                        Suggestion.closest(
                                text, config.services().stream().map(ServiceConfig::name).toList()),
                        "naru get services lists them"));
    }

    private static String hint(final String suggestion, final String otherwise) {
        return suggestion == null ? otherwise : "did you mean '" + suggestion + "'?";
    }
}
