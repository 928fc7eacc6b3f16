package io.naru.controlplane.cli;

import io.naru.controlplane.cli.output.Output;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/**
 * A command with the options that all have; its {@code call()} returns an {@link ExitCode}.
 *
 * <p>Data goes to {@link #output()}, everything else is thrown as a {@link CliException} or written
 * to {@link Output#note}. Examples are the annotation's {@code footer}; help shows them first.
 */
@Command
public abstract class CliCommand implements Callable<Integer> {
    @ParentCommand private Object parent;

    @SuppressWarnings("unused") // picocli looks at the option, not at the field
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Shows this help.")
    private boolean help;

    /** The instance directory: {@code --run-dir}, else NARU_RUN_DIR, else {@code /run/naru}. */
    protected final Path runDirectory() {
        return root().runDirectory();
    }

    protected final Output output() {
        return root().output();
    }

    private NaruCli root() {
        return parent instanceof NaruCli root ? root : ((CliCommand) parent).root();
    }
}
