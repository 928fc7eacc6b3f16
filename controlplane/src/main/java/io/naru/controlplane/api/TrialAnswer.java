package io.naru.controlplane.api;

import io.naru.controlplane.json.JsonObject;
import io.naru.controlplane.reconcile.TrialListener;
import io.naru.dataplane.protocol.ServiceTrial;
import java.util.List;
import java.util.function.BiConsumer;

/** Completes the answer to what a configuration would do by what the data plane says of it. */
final class TrialAnswer implements TrialListener {
    private final JsonObject answer;
    private final BiConsumer<JsonObject, ApiProblem> respond;

    TrialAnswer(final JsonObject answer, final BiConsumer<JsonObject, ApiProblem> respond) {
        this.answer = answer;
        this.respond = respond;
    }

    @Override
    public void onTried(final List<ServiceTrial> services) {
        respond.accept(
                answer.put("isKnown", true)
                        .put("flows", total(services))
                        .put("services", services.stream().map(TrialAnswer::json).toList()),
                null);
    }

    @Override
    public void onRefused(final String text) {
        respond.accept(null, ApiProblem.refused("the data plane would refuse it: " + text, null));
    }

    @Override
    public void onUnknown(final String text) {
        respond.accept(
                answer.put("isKnown", false)
                        .put("note", "nothing can be said about flows: " + text),
                null);
    }

    private static JsonObject total(final List<ServiceTrial> services) {
        return flows(
                services.stream().mapToLong(ServiceTrial::kept).sum(),
                services.stream().mapToLong(ServiceTrial::leaving).sum(),
                services.stream().mapToLong(ServiceTrial::moved).sum(),
                services.stream().mapToLong(ServiceTrial::ended).sum());
    }

    private static JsonObject flows(
            final long kept, final long leaving, final long moved, final long ended) {
        return new JsonObject()
                .put("now", kept + leaving + moved + ended)
                .put("kept", kept)
                .put("leaving", leaving)
                .put("moved", moved)
                .put("ended", ended);
    }

    private static JsonObject json(final ServiceTrial service) {
        final JsonObject json =
                new JsonObject()
                        .put("service", service.service())
                        .put("change", service.kind().label())
                        .put(
                                "flows",
                                flows(
                                        service.kept(),
                                        service.leaving(),
                                        service.moved(),
                                        service.ended()));
        if (service.slots() > 0) {
            json.put(
                    "hashTable",
                    new JsonObject()
                            .put("slots", service.slots())
                            .put("changedSlots", service.changedSlots()));
        }

        return json;
    }
}
