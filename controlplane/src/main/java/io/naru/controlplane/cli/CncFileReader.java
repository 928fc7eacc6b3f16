package io.naru.controlplane.cli;

import io.naru.controlplane.json.JsonObject;
import io.naru.controlplane.reconcile.DataPlaneLink;
import io.naru.controlplane.view.DataPlaneView;
import io.naru.controlplane.view.Documents;
import io.naru.dataplane.protocol.CncFileException;
import io.naru.dataplane.protocol.DataPlaneClient;
import io.naru.dataplane.protocol.EventListener;
import java.nio.file.Path;
import java.util.List;

/** Reads the cnc file of a live or dead data plane where no control plane answers. */
final class CncFileReader {
    private CncFileReader() {}

    static JsonObject workers(final Path runDirectory) {
        try (DataPlaneClient client = open(runDirectory)) {
            return DataPlaneView.workers(client, System.currentTimeMillis());
        }
    }

    static JsonObject drops(final Path runDirectory) {
        try (DataPlaneClient client = open(runDirectory)) {
            return DataPlaneView.drops(client);
        }
    }

    /** The part of the status that is about the data plane; {@code why} there is no more of it. */
    static JsonObject status(final Path runDirectory, final String why) {
        final long nowMs = System.currentTimeMillis();
        final JsonObject status =
                Documents.of("Status")
                        .put("at", Documents.time(nowMs))
                        .put("isOk", false)
                        .put("alarms", List.of(why))
                        .put("notes", List.of())
                        .put("controlPlane", new JsonObject().put("state", "not running"));
        try (DataPlaneClient client = open(runDirectory)) {
            final String text = DataPlaneLink.describe(client.cncFile(), nowMs);
            final String state = client.isAlive(nowMs) ? "running" : "gone";
            if (!client.isAlive(nowMs)) {
                status.put("alarms", List.of(why, "data plane: " + text));
            }
            return status.put("dataPlane", DataPlaneView.process(client, state, text, nowMs));
        } catch (final CliException absent) {
            return status.put("alarms", List.of(why, absent.getMessage()))
                    .put(
                            "dataPlane",
                            new JsonObject()
                                    .put("state", "absent")
                                    .put("text", absent.getMessage()));
        }
    }

    private static DataPlaneClient open(final Path runDirectory) {
        try {
            return DataPlaneClient.open(runDirectory, new EventListener() {});
        } catch (final CncFileException e) {
            throw new CliException(
                    e.reason() == CncFileException.Reason.REFUSED
                            ? ExitCode.NOT_PERMITTED
                            : ExitCode.UNREACHABLE,
                    e.getMessage(),
                    "start it with: naru dataplane -c FILE; another instance: --run-dir DIR");
        }
    }
}
