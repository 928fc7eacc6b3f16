package io.naru.controlplane.api;

import io.naru.controlplane.json.JsonObject;
import java.util.function.BiConsumer;

/** Answers requests; called on the server's event loop, which it must not block. */
@FunctionalInterface
public interface ApiHandler {
    /**
     * Answers a request, now or later.
     *
     * @param request to answer.
     * @param respond takes the answer, or else the problem; to be called once on the event loop.
     * @throws ApiProblem when the request is refused at once.
     */
    void handle(ApiRequest request, BiConsumer<JsonObject, ApiProblem> respond);
}
