package io.naru.bench.system;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.naru.bench.topology.Command;
import io.naru.bench.topology.Family;
import io.naru.controlplane.json.Json;
import io.naru.controlplane.json.JsonObject;
import java.util.ArrayList;
import java.util.List;

/**
 * Asks an instance where packets would go, as {@code naru explain -o json} does, but by the API: a
 * process for each question would take longer than all else.
 */
final class Explain {
    /** Between two answers: RS, which no text has. */
    private static final String SEPARATOR = "\u001e";

    private Explain() {}

    /** Where a SYN would go. */
    static JsonObject syn(
            final SystemUnderTest system,
            final Family family,
            final String client,
            final int clientPort,
            final String vip,
            final int vipPort) {
        return syns(system, family, client, clientPort, 1, vip, vipPort).get(0);
    }

    /** The same of {@code count} SYNs, each from the next port. */
    static List<JsonObject> syns(
            final SystemUnderTest system,
            final Family family,
            final String client,
            final int firstPort,
            final int count,
            final String vip,
            final int vipPort) {
        final Command.Result result =
                system.site
                        .balancer()
                        .attempt(
                                "curl",
                                "-sS",
                                "--unix-socket",
                                system.balancer.runDirectory().resolve("naru.sock").toString(),
                                "-w",
                                SEPARATOR,
                                "http://naru/v1/explain?protocol=tcp&client=%s:[%d-%d]&vip=%s:%d"
                                        .formatted(
                                                encoded(family, client),
                                                firstPort,
                                                firstPort + count - 1,
                                                encoded(family, vip),
                                                vipPort));
        assertEquals(0, result.exitCode(), result.output());
        final List<JsonObject> answers = new ArrayList<>(count);
        for (final String answer : result.output().split(SEPARATOR)) {
            answers.add(Json.parseObject(answer));
        }

        assertEquals(count, answers.size(), result.output());
        return answers;
    }

    /** Brackets mean a range to curl unless they are encoded. */
    private static String encoded(final Family family, final String address) {
        return family.of(address, "%5B" + address + "%5D");
    }

    /** The name that the backend gives itself: without its pool. */
    static String server(final JsonObject answer) {
        final String backend = answer.string("backend", "");
        return backend.substring(backend.indexOf('/') + 1);
    }
}
