package io.naru.controlplane.cli;

import io.naru.controlplane.cli.output.OutputFormat;
import io.naru.controlplane.json.JsonObject;

/** A command that asks the running control plane. */
abstract class OnlineCommand extends CliCommand {
    final ApiClient api() {
        return new ApiClient(runDirectory());
    }

    final boolean isJson() {
        return output().format() == OutputFormat.JSON;
    }

    /** The answer of a change: its document, or a line that says what is so now. */
    final int answer(final JsonObject json, final String line) {
        if (isJson()) {
            output().json(json);
        } else {
            output().line(line);
            if (json.has("note")) {
                output().note("note: " + json.string("note") + "\n");
            }
        }

        return ExitCode.OK;
    }
}
