package io.naru.controlplane.cli;

import java.util.List;

/** The commands by name; a command's class is loaded when it is created. */
final class Commands {
    /** In the order in which help lists them. */
    private static final List<String> VISIBLE =
            List.of(
                    "status",
                    "get",
                    "describe",
                    "explain",
                    "validate",
                    "diff",
                    "apply",
                    "drain",
                    "undrain",
                    "set",
                    "unset",
                    "schema");

    private static final List<String> HIDDEN = List.of("export");

    private Commands() {}

    static List<String> visible() {
        return VISIBLE;
    }

    static boolean isKnown(final String name) {
        return VISIBLE.contains(name) || HIDDEN.contains(name);
    }

    static CliCommand create(final String name) {
        return switch (name) {
            case "status" -> new StatusCommand();
            case "get" -> new GetCommand();
            case "describe" -> new DescribeCommand();
            case "explain" -> new ExplainCommand();
            case "diff" -> new DiffCommand();
            case "apply" -> new ApplyCommand();
            case "drain" -> new DrainCommand();
            case "undrain" -> new UndrainCommand();
            case "set" -> new SetCommand();
            case "unset" -> new UnsetCommand();
            case "validate" -> new ValidateCommand();
            case "schema" -> new SchemaCommand();
            case "export" -> new ExportCommand();
            default -> throw new IllegalArgumentException(name);
        };
    }
}
