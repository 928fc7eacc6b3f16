package io.naru.controlplane.api;

import io.naru.controlplane.json.JsonObject;

/**
 * Why a request was refused, and what to do about it: an RFC 9457 problem.
 *
 * <p>{@code title} names the kind of problem, {@code detail} this one, {@code hint} the way out.
 */
public final class ApiProblem extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final String title;
    private final transient JsonObject extension;

    /**
     * A problem.
     *
     * @param status of the HTTP response.
     * @param title the kind of problem.
     * @param detail this problem.
     * @param hint what to do about it, or null.
     */
    public ApiProblem(
            final int status, final String title, final String detail, final String hint) {
        super(detail, null, false, false); // an answer, not a failure: no stack trace
        this.status = status;
        this.title = title;
        this.extension = new JsonObject().putIfPresent("hint", hint);
    }

    /**
     * Something that is named but not there.
     *
     * @param detail what.
     * @param hint what to do about it.
     * @return the problem.
     */
    public static ApiProblem notFound(final String detail, final String hint) {
        return new ApiProblem(404, "not found", detail, hint);
    }

    /**
     * A request that cannot be understood.
     *
     * @param detail what is wrong with it.
     * @param hint what to send instead.
     * @return the problem.
     */
    public static ApiProblem badRequest(final String detail, final String hint) {
        return new ApiProblem(400, "bad request", detail, hint);
    }

    /**
     * A request that is understood but refused by validation.
     *
     * @param detail what is wrong with it.
     * @param hint what to do about it.
     * @return the problem.
     */
    public static ApiProblem refused(final String detail, final String hint) {
        return new ApiProblem(422, "refused", detail, hint);
    }

    /**
     * A request that was made for a state that is no longer so.
     *
     * @param detail what has changed.
     * @param hint what to do about it.
     * @return the problem.
     */
    public static ApiProblem conflict(final String detail, final String hint) {
        return new ApiProblem(409, "conflict", detail, hint);
    }

    /**
     * Adds a member to the problem's JSON.
     *
     * @param name of the member.
     * @param value of the member.
     * @return this.
     */
    public ApiProblem with(final String name, final Object value) {
        extension.put(name, value);
        return this;
    }

    /**
     * The status of the HTTP response.
     *
     * @return the number.
     */
    public int status() {
        return status;
    }

    /**
     * The problem as RFC 9457 has it.
     *
     * @return type, title, status, detail and what was added.
     */
    public JsonObject toJson() {
        final JsonObject json =
                new JsonObject()
                        .put("type", "about:blank")
                        .put("title", title)
                        .put("status", status)
                        .put("detail", getMessage());
        extension.members().forEach(json::put);
        return json;
    }
}
