package io.naru.dataplane.replay;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What became of the packets of a capture, as a table for people and as JSON for programs. */
final class ReplayReport {
    private final Map<Outcome, Long> packetsByOutcome = new HashMap<>();
    private final List<ServiceLine> services = new ArrayList<>();
    private final List<BackendLine> backends = new ArrayList<>();
    private long tooLong;
    private long durationNs;

    /**
     * One line of the first table.
     *
     * @param kind what the packet was, as {@link PacketLabel} calls it.
     * @param reason the label of a drop reason, or where the packet went.
     * @param sentence what the drop reason means, or empty.
     */
    record Outcome(String kind, Verb verb, String reason, String sentence) {}

    /** What is done to a packet. */
    enum Verb {
        SENT,
        ANSWERED,
        DROPPED;

        String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** A service in the second table. */
    record ServiceLine(String name, String vip, String pool, Counts counts) {}

    /** A backend in the third table; of all the services that its pool serves. */
    record BackendLine(String pool, String name, String address, Counts counts) {}

    /** What a service or a backend has had; bytes of whole frames. */
    record Counts(
            long flows,
            long packetsToBackend,
            long bytesToBackend,
            long packetsToClient,
            long bytesToClient) {
        private static final String[] HEADINGS = {
            ">FLOWS", ">PACKETS TO", ">BYTES TO", ">PACKETS BACK", ">BYTES BACK"
        };

        private String json() {
            return ("\"flows\": %d, \"packetsToBackend\": %d, \"bytesToBackend\": %d,"
                            + " \"packetsToClient\": %d, \"bytesToClient\": %d")
                    .formatted(
                            flows,
                            packetsToBackend,
                            bytesToBackend,
                            packetsToClient,
                            bytesToClient);
        }
    }

    void packet(final Outcome outcome) {
        packetsByOutcome.merge(outcome, 1L, Long::sum);
    }

    void service(final ServiceLine line) {
        services.add(line);
    }

    void backend(final BackendLine line) {
        backends.add(line);
    }

    /**
     * @param tooLong packets that were left out because they do not fit a frame.
     * @param durationNs from the first packet to the last.
     */
    void capture(final long tooLong, final long durationNs) {
        this.tooLong = tooLong;
        this.durationNs = durationNs;
    }

    long packets(final Verb verb) {
        return packetsByOutcome.entrySet().stream()
                .filter(entry -> entry.getKey().verb() == verb)
                .mapToLong(Map.Entry::getValue)
                .sum();
    }

    /** For people: aligned, one blank line between tables. */
    String text() {
        final TextTable outcomes = new TextTable("KIND", ">PACKETS", "VERDICT", "REASON");
        for (final Map.Entry<Outcome, Long> entry : outcomes()) {
            final Outcome outcome = entry.getKey();
            outcomes.row(
                    outcome.kind(),
                    entry.getValue(),
                    outcome.verb().label(),
                    outcome.sentence().isEmpty()
                            ? outcome.reason()
                            : outcome.reason() + ": " + outcome.sentence());
        }

        final TextTable serviceTable = countTable("SERVICE", "VIP", "POOL");
        for (final ServiceLine line : services) {
            countRow(serviceTable, line.counts(), line.name(), line.vip(), line.pool());
        }

        final TextTable backendTable = countTable("POOL", "BACKEND", "ADDRESS");
        for (final BackendLine line : backends) {
            countRow(backendTable, line.counts(), line.pool(), line.name(), line.address());
        }

        final StringBuilder text = new StringBuilder(1_024);
        text.append(
                "%d packets in %.3f s: %d sent, %d answered, %d dropped%n"
                        .formatted(
                                packets(),
                                durationNs / 1e9,
                                packets(Verb.SENT),
                                packets(Verb.ANSWERED),
                                packets(Verb.DROPPED)));
        if (tooLong > 0) {
            text.append(
                    "%d more are longer than a frame and were left out; were offloads on?%n"
                            .formatted(tooLong));
        }
        if (!packetsByOutcome.isEmpty()) {
            text.append('\n').append(outcomes);
        }
        if (!services.isEmpty()) {
            text.append('\n').append(serviceTable);
        }
        if (!backends.isEmpty()) {
            text.append('\n').append(backendTable);
        }

        return text.toString();
    }

    /** For programs; the keys stay. */
    String json() {
        final StringBuilder json = new StringBuilder(1_024);
        json.append(
                "{\n  \"packets\": %d,\n  \"tooLong\": %d,\n  \"durationNs\": %d,\n"
                        .formatted(packets(), tooLong, durationNs));
        for (final Verb verb : Verb.values()) {
            json.append("  \"%s\": %d,\n".formatted(verb.label(), packets(verb)));
        }

        final List<String> kinds = new ArrayList<>();
        for (final Map.Entry<Outcome, Long> entry : outcomes()) {
            final Outcome outcome = entry.getKey();
            kinds.add(
                    "{\"kind\": %s, \"packets\": %d, \"verdict\": %s, \"reason\": %s}"
                            .formatted(
                                    quoted(outcome.kind()),
                                    entry.getValue(),
                                    quoted(outcome.verb().label()),
                                    quoted(outcome.reason())));
        }
        final List<String> serviceLines = new ArrayList<>();
        for (final ServiceLine line : services) {
            serviceLines.add(
                    "{\"service\": %s, \"vip\": %s, \"pool\": %s, %s}"
                            .formatted(
                                    quoted(line.name()),
                                    quoted(line.vip()),
                                    quoted(line.pool()),
                                    line.counts().json()));
        }
        final List<String> backendLines = new ArrayList<>();
        for (final BackendLine line : backends) {
            backendLines.add(
                    "{\"pool\": %s, \"backend\": %s, \"address\": %s, %s}"
                            .formatted(
                                    quoted(line.pool()),
                                    quoted(line.name()),
                                    quoted(line.address()),
                                    line.counts().json()));
        }
        array(json, "kinds", kinds);
        json.append(",\n");
        array(json, "services", serviceLines);
        json.append(",\n");
        array(json, "backends", backendLines);

        return json.append("\n}\n").toString();
    }

    private long packets() {
        return packetsByOutcome.values().stream().mapToLong(Long::longValue).sum();
    }

    /** What was sent first, drops last; the most frequent first. */
    private List<Map.Entry<Outcome, Long>> outcomes() {
        final List<Map.Entry<Outcome, Long>> list = new ArrayList<>(packetsByOutcome.entrySet());
        list.sort(
                Comparator.comparing((Map.Entry<Outcome, Long> entry) -> entry.getKey().verb())
                        .thenComparing(Map.Entry::getValue, Comparator.reverseOrder())
                        .thenComparing(entry -> entry.getKey().kind())
                        .thenComparing(entry -> entry.getKey().reason()));

        return list;
    }

    private static TextTable countTable(
            final String first, final String second, final String third) {
        final List<String> headings = new ArrayList<>(List.of(first, second, third));
        headings.addAll(List.of(Counts.HEADINGS));

        return new TextTable(headings.toArray(String[]::new));
    }

    private static void countRow(
            final TextTable table,
            final Counts counts,
            final String first,
            final String second,
            final String third) {
        table.row(
                first,
                second,
                third,
                counts.flows(),
                counts.packetsToBackend(),
                counts.bytesToBackend(),
                counts.packetsToClient(),
                counts.bytesToClient());
    }

    private static void array(
            final StringBuilder json, final String name, final List<String> elements) {
        json.append("  \"%s\": [".formatted(name));
        for (int i = 0; i < elements.size(); i++) {
            json.append(i == 0 ? "\n    " : ",\n    ").append(elements.get(i));
        }
        json.append(elements.isEmpty() ? "]" : "\n  ]");
    }

    private static String quoted(final String text) {
        final StringBuilder quoted = new StringBuilder(text.length() + 2).append('"');
        for (int i = 0; i < text.length(); i++) {
            final char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (c < ' ') {
                quoted.append("\\u%04x".formatted((int) c));
            } else {
                quoted.append(c);
            }
        }

        return quoted.append('"').toString();
    }
}
