package io.naru.dataplane.doctor;

import io.naru.linux.Libc;
import io.naru.linux.LinuxException;
import java.io.IOException;
import java.io.PrintStream;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Main class of {@code naru doctor}: says what this box has and lacks, and what to type.
 *
 * <p>Exit code 0 if nothing or only warnings came up, 1 if there are problems, 2 for wrong usage.
 */
public final class Doctor {
    private static final int EXIT_OK = 0;
    private static final int EXIT_PROBLEMS = 1;
    private static final int EXIT_USAGE = 2;

    // include/uapi/asm-generic/ioctls.h: what isatty(3) asks with
    private static final int TCGETS = 0x5401;
    private static final int TERMIOS_LENGTH = 64;
    private static final int STDOUT = 1;

    private static final String USAGE =
            """
            usage: naru doctor [-i INTERFACE]... [-s SETTINGS] [-o table|json]
              -i INTERFACE  look at this interface; without any: those in the settings, else all that are up
              -s SETTINGS   the data plane's .properties file, for what it needs
              -o FORMAT     table (default) or json
            exit code: 0 nothing or only warnings, 1 problems, 2 wrong usage
            """;

    private record Options(
            List<String> interfaces, Properties settings, boolean json, boolean help) {}

    private Doctor() {}

    public static void main(final String[] args) {
        System.exit(
                run(
                        args,
                        new PrintStream(System.out, false, StandardCharsets.UTF_8),
                        System.err,
                        wantsColour()));
    }

    static int run(
            final String[] args,
            final PrintStream out,
            final PrintStream err,
            final boolean colour) {
        final Options options;
        final List<Finding> findings;
        try {
            options = parse(args);
            if (options.help()) {
                out.print(USAGE);
                out.flush();
                return EXIT_OK;
            }

            findings = examine(options);
        } catch (final IllegalArgumentException | IOException e) {
            err.println("naru doctor: " + e.getMessage());
            err.print(USAGE);
            return EXIT_USAGE;
        } catch (final LinuxException e) {
            err.println("naru doctor: " + e.getMessage());
            return EXIT_PROBLEMS;
        }

        out.print(options.json() ? Report.json(findings) : Report.table(findings, colour));
        out.flush();
        return Report.count(findings, Level.PROBLEM) == 0 ? EXIT_OK : EXIT_PROBLEMS;
    }

    private static List<Finding> examine(final Options options) {
        try (FactsReader reader = new FactsReader()) {
            Plan plan = Plan.of(options.settings(), options.interfaces());
            if (plan.interfaces().isEmpty()) {
                plan = Plan.of(options.settings(), reader.interfacesUp());
            }

            final List<InterfaceFacts> interfaces =
                    plan.interfaces().stream().map(reader::of).toList();
            return examine(reader.box(), interfaces, plan);
        }
    }

    /** The findings on the box, then those on each interface. */
    static List<Finding> examine(
            final BoxFacts box, final List<InterfaceFacts> interfaces, final Plan plan) {
        final int workers = interfaces.stream().mapToInt(InterfaceFacts::rxQueues).min().orElse(1);
        final List<Finding> findings = new ArrayList<>(new BoxChecks(box, plan, workers).run());
        for (final InterfaceFacts facts : interfaces) {
            findings.addAll(new InterfaceChecks(facts, plan, box.cpus()).run());
        }

        return findings;
    }

    private static Options parse(final String[] args) throws IOException {
        final List<String> interfaces = new ArrayList<>();
        final Properties settings = new Properties();
        boolean json = false;
        boolean help = false;
        for (int i = 0; i < args.length; i++) {
            switch (args[i]) {
                case "-i" -> interfaces.add(value(args, ++i));
                case "-s" -> {
                    final Path file = Path.of(value(args, ++i));
                    if (!Files.isReadable(file)) {
                        throw new IllegalArgumentException("can't read " + file);
                    }

                    try (Reader reader = Files.newBufferedReader(file)) {
                        settings.load(reader);
                    }
                }
                case "-o" ->
                        json =
                                switch (value(args, ++i)) {
                                    case "json" -> true;
                                    case "table" -> false;
                                    default ->
                                            throw new IllegalArgumentException(
                                                    "-o is table or json, not " + args[i]);
                                };
                case "-h", "--help" -> help = true;
                default -> throw new IllegalArgumentException("unknown argument " + args[i]);
            }
        }

        return new Options(interfaces, settings, json, help);
    }

    private static String value(final String[] args, final int index) {
        if (index >= args.length) {
            throw new IllegalArgumentException(args[index - 1] + " needs a value");
        }

        return args[index];
    }

    /** Only for a terminal, and not if the user asked for none (no-color.org). */
    private static boolean wantsColour() {
        final String noColour = System.getenv("NO_COLOR");
        if (noColour != null && !noColour.isEmpty()) {
            return false;
        }

        final UnsafeBuffer termios = new UnsafeBuffer(ByteBuffer.allocateDirect(TERMIOS_LENGTH));
        return Libc.ioctl(STDOUT, TCGETS, termios.addressOffset()) == 0;
    }
}
