package io.naru.controlplane.cli;

import io.naru.controlplane.cli.output.Style;
import io.naru.controlplane.cli.output.Table;
import io.naru.controlplane.json.JsonObject;
import java.util.List;
import java.util.Locale;

/** What would become of flows and hash tables, for people. */
final class TrialText {
    private TrialText() {}

    static String format(final JsonObject trial) {
        if (!trial.flag("isKnown")) {
            return trial.string("note") + "\nnothing was changed\n";
        }

        final List<JsonObject> services = trial.objects("services");
        final StringBuilder out = new StringBuilder();
        if (!services.isEmpty()) {
            out.append('\n').append(table(services).format(false, Style.of(false))).append('\n');
        }
        final JsonObject flows = trial.object("flows");
        return out.append(
                        String.format(
                                Locale.ROOT,
                                "of %d live flows %d stay, %d stay on backends that take no new"
                                        + " ones, %d move, %d end%nnothing was changed%n",
                                flows.number("now", 0),
                                flows.number("kept", 0),
                                flows.number("leaving", 0),
                                flows.number("moved", 0),
                                flows.number("ended", 0)))
                .toString();
    }

    private static Table table(final List<JsonObject> services) {
        final Table table =
                new Table()
                        .left("SERVICE")
                        .left("CHANGE")
                        .right("FLOWS")
                        .right("STAY")
                        .right("LEAVING")
                        .right("MOVE")
                        .right("END")
                        .left("HASH TABLE");
        for (final JsonObject service : services) {
            final JsonObject flows = service.object("flows");
            table.row(
                    service.string("service"),
                    service.string("change"),
                    flows.number("now", 0),
                    flows.number("kept", 0),
                    flows.number("leaving", 0),
                    flows.number("moved", 0),
                    flows.number("ended", 0),
                    service.has("hashTable") ? hashTable(service.object("hashTable")) : "");
        }

        return table;
    }

    private static String hashTable(final JsonObject hashTable) {
        final long slots = hashTable.number("slots", 1);
        final long changed = hashTable.number("changedSlots", 0);
        return String.format(
                Locale.ROOT,
                "%.1f %% changes (%d of %d slots)",
                100.0 * changed / slots,
                changed,
                slots);
    }
}
