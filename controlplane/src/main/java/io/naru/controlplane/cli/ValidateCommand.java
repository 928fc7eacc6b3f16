package io.naru.controlplane.cli;

import io.naru.controlplane.cli.output.OutputFormat;
import io.naru.controlplane.config.ConfigReader;
import io.naru.controlplane.config.NaruConfig;
import io.naru.controlplane.config.Problem;
import io.naru.controlplane.config.ProblemReport;
import io.naru.controlplane.json.JsonObject;
import io.naru.controlplane.view.Documents;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code naru validate FILE…}: what is wrong with configuration files, without a daemon. */
@Command(
        name = "validate",
        header = "Checks configuration files, offline.",
        description =
                "Reports everything that is wrong at once. Exit code 0: all files are all right; 4:"
                        + " one is not.",
        footer = {
            "  naru validate lb.yaml",
            "  naru validate -o json lb.yaml       for programs",
            "  naru validate config/*.yaml         in a build of its own, without root",
        })
final class ValidateCommand extends CliCommand {
    @Parameters(arity = "1..*", paramLabel = "FILE", description = "Files to check.")
    private List<Path> files;

    @Override
    public Integer call() {
        final List<JsonObject> results = new ArrayList<>();
        boolean valid = true;
        for (final Path file : files) {
            final ConfigReader.Result result = ConfigFile.read(file);
            valid &= result.config().isPresent();
            if (output().format() == OutputFormat.JSON) {
                results.add(json(file, result));
            } else {
                print(file, result);
            }
        }
        if (output().format() == OutputFormat.JSON) {
            output().json(Documents.of("Validation").put("isValid", valid).put("files", results));
        }

        return valid ? ExitCode.OK : ExitCode.REFUSED;
    }

    private void print(final Path file, final ConfigReader.Result result) {
        output().note(ProblemReport.text(result.problems(), output().style().isColoured()));
        if (result.config().isPresent()) {
            output().line(file + ": " + output().style().green("ok") + ", " + summary(result));
        }
    }

    private static String summary(final ConfigReader.Result result) {
        final NaruConfig config = result.config().orElseThrow();
        final int backends = config.pools().stream().mapToInt(p -> p.listed().size()).sum();
        final long warnings = result.problems().stream().filter(p -> !p.isError()).count();
        return count(config.services().size(), "service")
                + ", "
                + count(config.pools().size(), "pool")
                + ", "
                + count(backends, "backend")
                + (warnings == 0 ? "" : ", " + count(warnings, "warning"));
    }

    private static String count(final long count, final String what) {
        return count + " " + what + (count == 1 ? "" : "s");
    }

    private static JsonObject json(final Path file, final ConfigReader.Result result) {
        return new JsonObject()
                .put("file", file.toString())
                .put("isValid", result.problems().stream().noneMatch(Problem::isError))
                .put("problems", ProblemReport.json(result.problems()));
    }
}
