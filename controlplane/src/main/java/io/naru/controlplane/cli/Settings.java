package io.naru.controlplane.cli;

import java.util.List;

/** Where the API has what can be set by hand. */
final class Settings {
    private static final List<String> OF_BACKENDS = List.of("weight", "state");
    private static final String OF_SERVICES = "algorithm";

    private Settings() {}

    static String path(final String setting, final String name) {
        if (OF_BACKENDS.contains(setting)) {
            return "/v1/backends/" + ApiClient.encodedPath(name) + "/" + setting;
        }
        if (OF_SERVICES.equals(setting)) {
            return "/v1/services/" + ApiClient.encoded(name) + "/" + setting;
        }

        throw new CliException(
                ExitCode.USAGE,
                "'" + setting + "' cannot be set by hand",
                "weight or state of a backend, algorithm of a service; for all else: naru apply");
    }
}
