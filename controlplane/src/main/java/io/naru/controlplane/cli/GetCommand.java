package io.naru.controlplane.cli;

import io.naru.controlplane.cli.output.OutputFormat;
import io.naru.controlplane.json.JsonObject;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code naru get WHAT [FILTER…]}: lists what runs. */
@Command(
        name = "get",
        header = "Lists services, pools, backends, flows, events, drops, workers or overrides.",
        description =
                "A filter is pairs of words that must all hold. backends: service, pool, state."
                        + " services: state, pool. flows: service, backend, state, src (address or"
                        + " network), sport, age (at least; quote the >). events: kind, subject."
                        + " Drops and workers are read from the data plane's file when no control"
                        + " plane answers. A * marks a value that was set by hand.",
        footer = {
            "  naru get backends",
            "  naru get backends service web state down",
            "  naru get services --watch",
            "  naru get flows service web backend s3 state established src 198.51.100.0/24 'age > 5m'",
            "  naru get events --watch             goes on with what happens",
            "  naru get drops -o wide              also the reasons that never happened",
        })
final class GetCommand extends OnlineCommand {
    private static final int KIND_WIDTH = 13;
    private static final int SUBJECT_WIDTH = 18;

    @Parameters(
            index = "0",
            paramLabel = "WHAT",
            description = "services, pools, backends, flows, events, drops, workers or overrides.")
    private String what;

    @Parameters(index = "1..*", paramLabel = "FILTER", description = "Pairs of words.")
    private List<String> words = List.of();

    @Option(
            names = {"-w", "--watch"},
            arity = "0..1",
            fallbackValue = Watch.DEFAULT,
            preprocessor = Watch.Interval.class,
            paramLabel = "INTERVAL",
            description = "Again every second, or every INTERVAL: --watch=500ms.")
    private String watch;

    @Option(
            names = {"-n", "--limit"},
            paramLabel = "N",
            description = "At most so many flows (default and most: 1000) or events (100).")
    private Integer limit;

    private long lastEvent;

    @Override
    public Integer call() {
        final Noun noun = Noun.of(what);
        final Filter filter = Filter.of(noun, words);
        if (limit != null) {
            if (noun != Noun.FLOWS && noun != Noun.EVENTS) {
                throw new CliException(ExitCode.USAGE, "--limit is for flows and events", null);
            }
            filter.addParameter("limit", limit.toString());
        }
        if (noun == Noun.EVENTS && watch != null) {
            return follow(filter);
        }

        return Watch.run(watch, output(), () -> show(noun, list(noun, filter)));
    }

    private JsonObject list(final Noun noun, final Filter filter) {
        try {
            return filter.restrict(api().get("/v1/" + noun.plural() + filter.query()));
        } catch (final CliException e) {
            if (e.exitCode() != ExitCode.UNREACHABLE
                    || (noun != Noun.DROPS && noun != Noun.WORKERS)) {
                throw e;
            }
            output().note("naru: " + e.getMessage() + "; read from the data plane's file\n");
            return noun == Noun.DROPS
                    ? CncFileReader.drops(runDirectory())
                    : CncFileReader.workers(runDirectory());
        }
    }

    private void show(final Noun noun, final JsonObject list) {
        if (isJson()) {
            output().json(list);
            return;
        }

        final List<JsonObject> items = list.objects("items");
        final List<JsonObject> shown =
                noun == Noun.DROPS && output().format() == OutputFormat.TABLE
                        ? items.stream().filter(item -> item.number("packets", 0) > 0).toList()
                        : items;
        if (shown.isEmpty()) {
            output().note(nothing(noun) + "\n");
        } else {
            output().table(ListTables.of(noun, shown, cells()));
        }
        if (noun == Noun.FLOWS && list.number("matched", 0) > shown.size()) {
            output().note(
                            "showing "
                                    + Cells.grouped(shown.size())
                                    + " of "
                                    + Cells.grouped(list.number("matched", 0))
                                    + "\n");
        }
    }

    private static String nothing(final Noun noun) {
        return switch (noun) {
            case DROPS -> "no packet was dropped";
            case OVERRIDES -> "nothing is set by hand: everything is as the file says";
            case FLOWS -> "no flows";
            default -> "no " + noun.plural() + " to show";
        };
    }

    private Cells cells() {
        return new Cells(output().style(), output().format(), System.currentTimeMillis());
    }

    /** The latest events, and then each as it happens: a line each, never the screen again. */
    private int follow(final Filter filter) {
        final long intervalMs = Watch.intervalMs(watch);
        try {
            while (true) {
                final JsonObject list = api().get("/v1/events" + afterLast(filter));
                print(list.objects("items"));
                lastEvent = list.number("last", 0);
                Thread.sleep(intervalMs);
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            return ExitCode.OK;
        }
    }

    private String afterLast(final Filter filter) {
        filter.addParameter("after", Long.toString(lastEvent));
        return filter.query();
    }

    private void print(final List<JsonObject> events) {
        for (final JsonObject event : events) {
            if (isJson()) {
                output().line(event.toString());
            } else {
                final String by = Cells.actor(event.object("actor"));
                output().line(
                                Cells.time(event.string("at"))
                                        + "  "
                                        + padded(event.string("kind"), KIND_WIDTH)
                                        + "  "
                                        + padded(event.string("subject"), SUBJECT_WIDTH)
                                        + "  "
                                        + event.string("text")
                                        + (by == null ? "" : ", by " + by));
            }
        }
    }

    private static String padded(final String text, final int width) {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }
}
