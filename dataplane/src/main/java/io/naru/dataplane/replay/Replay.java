package io.naru.dataplane.replay;

import io.naru.dataplane.protocol.CommandFile;
import io.naru.dataplane.protocol.DataPlaneProperties;
import java.io.IOException;
import java.io.PrintStream;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;

/** The command {@code naru replay}: reads its arguments, replays, prints the report. */
public final class Replay {
    static final int OK = 0;
    static final int FAILED = 1;
    static final int USAGE = 2;

    private static final String HELP =
            """
            usage: naru replay CAPTURE -c FILE [-w CAPTURE] [-o table|json]

            Runs a capture through the packet path with the services of a configuration file, at the
            times of the capture, and prints what became of each kind of packet and why. Needs no root
            and touches no network.

              -c FILE       the configuration (naru validate checks one)
              -w CAPTURE    write the packets that would be sent
              -o FORMAT     table (the default) or json

            What packets to a VIP and answers of backends are sent to are taken for the balancer's own
            MAC addresses, and the next hop to a backend at a.b.c.d gets the MAC 02:00:a:b:c:d (at an
            IPv6 address that ends in abcd:efgh 02:06:ab:cd:ef:gh).
            A capture of both sides of a balancer is made with: mergecap -w both.pcap left.pcap right.pcap
            """;

    private Path input;
    private Path output;
    private Path commands;
    private Path settings;
    private String format = "table";

    private Replay() {}

    public static void main(final String[] args) {
        System.exit(run(args, System.out, System.err));
    }

    /** The exit code. */
    static int run(final String[] args, final PrintStream out, final PrintStream err) {
        final Replay replay = new Replay();
        final String refusal = replay.parse(args);
        if (refusal != null) {
            err.println("naru replay: " + refusal + "; naru replay --help tells more");
            return USAGE;
        }
        if (replay.input == null) {
            out.print(HELP);
            return OK;
        }

        try {
            final ReplayReport report = replay.replay();
            out.print(replay.format.equals("json") ? report.json() : report.text());
            return OK;
        } catch (final UncheckedIOException ex) {
            err.println("naru replay: " + ex.getCause().getMessage());
            return FAILED;
        } catch (final IOException | IllegalArgumentException ex) {
            err.println("naru replay: " + ex.getMessage());
            return FAILED;
        }
    }

    /** What is wrong with the arguments, or null. Without an input, help was asked for. */
    private String parse(final String... args) {
        for (int i = 0; i < args.length; i++) {
            final String arg = args[i];
            if (arg.equals("-h") || arg.equals("--help")) {
                input = null;
                return null;
            }
            if (!arg.startsWith("-")) {
                if (input != null) {
                    return "one capture at a time, not " + input + " and " + arg;
                }
                input = Path.of(arg);
                continue;
            }
            if (i + 1 == args.length) {
                return arg + " needs a value";
            }

            final String refusal = option(arg, args[++i]);
            if (refusal != null) {
                return refusal;
            }
        }

        if (input == null) {
            return "which capture?";
        }

        return commands == null ? "which configuration? -c FILE" : null;
    }

    private String option(final String name, final String value) {
        switch (name) {
            case "-w", "--write" -> output = Path.of(value);
            case "--commands" -> commands = Path.of(value); // the launcher's, for -c
            case "--settings" -> settings = Path.of(value); // likewise
            case "-o", "--output" -> {
                if (!value.equals("table") && !value.equals("json")) {
                    return "the output is table or json, not " + value;
                }
                format = value;
            }
            default -> {
                return "there is no option " + name;
            }
        }

        return null;
    }

    private ReplayReport replay() throws IOException {
        final Properties properties = new Properties();
        if (settings != null) {
            try (Reader reader = Files.newBufferedReader(settings)) {
                properties.load(reader);
            }
        }

        final String seed = properties.getProperty(DataPlaneProperties.HASH_SEED);
        final ReplayPath path =
                new ReplayPath(
                        CommandFile.read(commands),
                        !"one-arm".equals(properties.getProperty(DataPlaneProperties.TOPOLOGY)),
                        !"false".equals(properties.getProperty(DataPlaneProperties.VIP_ECHO)),
                        seed == null ? ReplayPath.DEFAULT_SEED : Long.decode(seed));

        return path.replay(input, output);
    }
}
