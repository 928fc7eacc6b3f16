package io.naru.controlplane.cli;

import io.naru.controlplane.cli.output.Output;
import io.naru.controlplane.cli.output.OutputFormat;
import io.naru.controlplane.cli.output.Style;
import io.naru.controlplane.cli.output.Terminal;
import io.naru.controlplane.config.Suggestion;
import io.naru.dataplane.protocol.DataPlaneProperties;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;

/**
 * The command line's main class: {@code naru COMMAND …}.
 *
 * <p>Only the command that was asked for is loaded, as reading the annotations of all of them would
 * take longer than most commands do.
 */
@Command(
        name = "naru",
        header = "Naru, a packet-level L4 load balancer on AF_XDP",
        synopsisSubcommandLabel = "COMMAND",
        footer = {
            "  naru validate lb.yaml               is the file all right?",
            "  naru diff lb.yaml                   what would it change?",
            "  naru apply lb.yaml                  changes all of it or nothing",
            "  naru status                         one screen: planes, services, what is wrong",
            "  naru get backends --watch           the backends, every second",
            "  naru drain web/s1                   keep its flows, give it no new ones",
        })
public final class NaruCli implements Runnable {
    private static final String ENV_RUN_DIR = "NARU_RUN_DIR";

    private final PrintStream out;
    private final PrintStream err;
    private final Map<String, String> environment;

    @Option(
            names = "--run-dir",
            paramLabel = "DIR",
            scope = ScopeType.INHERIT,
            description =
                    "Directory of the running instance; default: NARU_RUN_DIR, else /run/naru.")
    private Path runDirectory;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            scope = ScopeType.INHERIT,
            description = "table, wide or json.")
    private String format = OutputFormat.TABLE.label();

    @Option(
            names = "--no-color",
            scope = ScopeType.INHERIT,
            description = "No colour, as with NO_COLOR set; there is none in a pipe anyway.")
    private boolean noColor;

    @SuppressWarnings("unused") // picocli looks at the option, not at the field
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Shows this help.")
    private boolean help;

    private Output output;

    NaruCli(final PrintStream out, final PrintStream err, final Map<String, String> environment) {
        this.out = out;
        this.err = err;
        this.environment = environment;
    }

    /** Ends the JVM with an {@link ExitCode}. */
    public static void main(final String[] args) {
        // what the JVM takes from an empty environment is ASCII, and names and hints are UTF-8
        final PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        final PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
        final int exitCode = run(List.of(args), out, err, System.getenv());
        out.flush();
        System.exit(exitCode);
    }

    /**
     * Runs one command line.
     *
     * @return an {@link ExitCode}.
     */
    public static int run(
            final List<String> args,
            final PrintStream out,
            final PrintStream err,
            final Map<String, String> environment) {
        final NaruCli root = new NaruCli(out, err, environment);
        final String name = commandName(args);
        final CommandLine commandLine = new CommandLine(root);
        if (name == null) {
            Commands.visible()
                    .forEach(each -> commandLine.addSubcommand(each, Commands.create(each)));
        } else if (Commands.isKnown(name)) {
            commandLine.addSubcommand(name, Commands.create(name));
        } else {
            return root.unknownCommand(name);
        }
        commandLine
                .setOut(new PrintWriter(out, true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(err, true, StandardCharsets.UTF_8))
                .setUsageHelpAutoWidth(false)
                .setUsageHelpWidth(100)
                .setColorScheme(Help.defaultColorScheme(Help.Ansi.OFF))
                .setExecutionStrategy(root::execute)
                .setParameterExceptionHandler((ex, arguments) -> root.badParameter(ex))
                .setExecutionExceptionHandler((ex, line, result) -> root.failed(ex));
        examplesFirst(commandLine);

        return commandLine.execute(args.toArray(new String[0]));
    }

    /** Without a command: how to go on. */
    @Override
    public void run() {
        throw new CliException(ExitCode.USAGE, "which command?", "naru --help lists them");
    }

    Path runDirectory() {
        return runDirectory != null
                ? runDirectory
                : Path.of(
                        environment.getOrDefault(ENV_RUN_DIR, DataPlaneProperties.RUN_DIR_DEFAULT));
    }

    /** What the global options ask for; made when the first command wants it. */
    Output output() {
        if (output == null) {
            final OutputFormat chosen = OutputFormat.ofLabel(format);
            if (chosen == null) {
                throw new CliException(
                        ExitCode.USAGE,
                        "-o must be one of " + OutputFormat.labels() + ", not '" + format + "'",
                        null);
            }
            final Style style =
                    Style.of(!noColor && Terminal.wantsColour(environment) && Terminal.isStdout());
            output = new Output(chosen, style, out, err);
        }

        return output;
    }

    /** The first argument that is no option and no option's value; null if there is none. */
    private static String commandName(final List<String> args) {
        for (int i = 0; i < args.size(); i++) {
            final String arg = args.get(i);
            if (arg.equals("--run-dir") || arg.equals("-o") || arg.equals("--output")) {
                i++;
            } else if (!arg.startsWith("-")) {
                return arg;
            }
        }

        return null;
    }

    private int execute(final ParseResult result) {
        try {
            output(); // before the command does anything: is the format one?
        } catch (final CliException ex) {
            return failed(ex);
        }
        return new CommandLine.RunLast().execute(result);
    }

    private int unknownCommand(final String name) {
        final String suggestion = Suggestion.closest(name, Commands.visible());
        return fail(
                ExitCode.USAGE,
                "there is no command '" + name + "'",
                suggestion == null
                        ? "naru --help lists the commands"
                        : "did you mean 'naru " + suggestion + "'?");
    }

    private int badParameter(final ParameterException ex) {
        final CommandLine commandLine = ex.getCommandLine();
        final List<String> options = new ArrayList<>();
        commandLine
                .getCommandSpec()
                .options()
                .forEach(each -> options.addAll(List.of(each.names())));
        String hint = commandLine.getCommandSpec().qualifiedName() + " --help shows how";
        if (ex instanceof CommandLine.UnmatchedArgumentException unmatched
                && unmatched.getUnmatched().get(0).startsWith("-")) {
            final String suggestion = Suggestion.closest(unmatched.getUnmatched().get(0), options);
            hint = suggestion == null ? hint : "did you mean '" + suggestion + "'?";
        }

        return fail(ExitCode.USAGE, firstLetterSmall(ex.getMessage()), hint);
    }

    private int failed(final Exception ex) {
        if (ex instanceof CliException cli) {
            return fail(cli.exitCode(), cli.getMessage(), cli.hint());
        }
        fail(ExitCode.NO, "internal error: " + ex, "please report this with the lines below");
        ex.printStackTrace(err);
        return ExitCode.NO;
    }

    private int fail(final int exitCode, final String message, final String hint) {
        out.flush();
        err.println("naru: " + message);
        if (hint != null) {
            err.println("      " + hint);
        }
        err.flush();
        return exitCode;
    }

    private static String firstLetterSmall(final String message) {
        return message.isEmpty()
                ? message
                : Character.toLowerCase(message.charAt(0)) + message.substring(1);
    }

    /** People read examples before they read rules. */
    private static void examplesFirst(final CommandLine commandLine) {
        final UsageMessageSpec usage = commandLine.getCommandSpec().usageMessage();
        usage.sectionKeys(
                List.of(
                        UsageMessageSpec.SECTION_KEY_HEADER,
                        UsageMessageSpec.SECTION_KEY_DESCRIPTION,
                        UsageMessageSpec.SECTION_KEY_FOOTER_HEADING,
                        UsageMessageSpec.SECTION_KEY_FOOTER,
                        UsageMessageSpec.SECTION_KEY_SYNOPSIS_HEADING,
                        UsageMessageSpec.SECTION_KEY_SYNOPSIS,
                        UsageMessageSpec.SECTION_KEY_COMMAND_LIST_HEADING,
                        UsageMessageSpec.SECTION_KEY_COMMAND_LIST,
                        UsageMessageSpec.SECTION_KEY_PARAMETER_LIST,
                        UsageMessageSpec.SECTION_KEY_OPTION_LIST));
        usage.footerHeading("%n");
        usage.synopsisHeading("%nUsage: ");
        usage.commandListHeading("%nCommands:%n");
        usage.parameterListHeading("%n");
        usage.optionListHeading("%n");
        commandLine.getSubcommands().values().forEach(NaruCli::examplesFirst);
    }
}
