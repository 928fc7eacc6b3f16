package io.naru.controlplane.cli.output;

import io.naru.controlplane.json.Json;
import io.naru.controlplane.json.JsonObject;
import java.io.PrintStream;
import java.util.function.Supplier;

/**
 * Where a command prints: data to standard output in the format asked for, remarks to the other.
 */
public final class Output {
    private final OutputFormat format;
    private final Style style;
    private final PrintStream out;
    private final PrintStream err;

    public Output(
            final OutputFormat format,
            final Style style,
            final PrintStream out,
            final PrintStream err) {
        this.format = format;
        this.style = style;
        this.out = out;
        this.err = err;
    }

    public OutputFormat format() {
        return format;
    }

    public Style style() {
        return style;
    }

    /** Prints either; what is not asked for is not made. */
    public void print(final Supplier<Table> table, final Supplier<JsonObject> json) {
        if (format == OutputFormat.JSON) {
            json(json.get());
        } else {
            table(table.get());
        }
    }

    public void table(final Table table) {
        out.print(table.format(format == OutputFormat.WIDE, style));
        out.flush();
    }

    /** A document as {@link io.naru.controlplane.view.Documents} begins them. */
    public void json(final JsonObject document) {
        line(Json.pretty(document));
    }

    /** A line of data. */
    public void line(final String text) {
        out.println(text);
        out.flush();
    }

    /** Text to standard output as it is. */
    public void text(final String text) {
        out.print(text);
        out.flush();
    }

    /** Bytes to standard output as they are. */
    public void bytes(final byte[] bytes) {
        out.write(bytes, 0, bytes.length);
        out.flush();
    }

    /** A remark to standard error: lines that end in a line feed, or nothing. */
    public void note(final String text) {
        err.print(text);
        err.flush();
    }
}
