package io.naru.dataplane.doctor;

import java.util.List;

/** Writes findings as a table for people or as JSON for programs. */
final class Report {
    private static final String INDENT = "  ";
    private static final String BOLD = "\u001b[1m";
    private static final String PLAIN = "\u001b[0m";

    private Report() {}

    /**
     * One block for each subject, columns aligned over all of them.
     *
     * @param colour for a terminal.
     */
    static String table(final List<Finding> findings, final boolean colour) {
        final int levelWidth = Level.PROBLEM.word().length();
        final int checkWidth =
                findings.stream().mapToInt(finding -> finding.check().length()).max().orElse(0);
        final StringBuilder text = new StringBuilder();
        String subject = "";
        for (final Finding finding : findings) {
            if (!finding.subject().equals(subject)) {
                subject = finding.subject();
                text.append(text.isEmpty() ? "" : "\n");
                text.append(colour ? BOLD + subject + PLAIN : subject).append('\n');
            }

            final String level = pad(finding.level().word(), levelWidth);
            final boolean coloured = colour && !finding.level().colour().isEmpty();
            text.append(INDENT)
                    .append(coloured ? finding.level().colour() + level + PLAIN : level)
                    .append(INDENT)
                    .append(pad(finding.check(), checkWidth))
                    .append(INDENT)
                    .append(finding.found())
                    .append('\n');
            for (final String command : finding.remedy()) {
                text.append(" ".repeat(levelWidth + checkWidth + 3 * INDENT.length()))
                        .append("$ ")
                        .append(command)
                        .append('\n');
            }
        }

        return text.append('\n').append(summary(findings)).append('\n').toString();
    }

    /**
     * {@code {"problems":…,"warnings":…,"findings":[{"subject","check","level","found","remedy"}]}}
     */
    static String json(final List<Finding> findings) {
        final StringBuilder text = new StringBuilder();
        text.append("{\"problems\":")
                .append(count(findings, Level.PROBLEM))
                .append(",\"warnings\":")
                .append(count(findings, Level.WARNING))
                .append(",\"findings\":[");
        String separator = "\n";
        for (final Finding finding : findings) {
            text.append(separator).append("{\"subject\":");
            quote(text, finding.subject()).append(",\"check\":");
            quote(text, finding.check()).append(",\"level\":");
            quote(text, finding.level().word()).append(",\"found\":");
            quote(text, finding.found()).append(",\"remedy\":[");
            for (int i = 0; i < finding.remedy().size(); i++) {
                quote(i == 0 ? text : text.append(','), finding.remedy().get(i));
            }

            text.append("]}");
            separator = ",\n";
        }

        return text.append("\n]}\n").toString();
    }

    static long count(final List<Finding> findings, final Level level) {
        return findings.stream().filter(finding -> finding.level() == level).count();
    }

    private static String summary(final List<Finding> findings) {
        final long problems = count(findings, Level.PROBLEM);
        final long warnings = count(findings, Level.WARNING);
        if (problems == 0 && warnings == 0) {
            return "nothing to do";
        }

        return plural(problems, "problem") + ", " + plural(warnings, "warning");
    }

    private static String plural(final long count, final String noun) {
        return (count == 0 ? "no" : Long.toString(count)) + " " + noun + (count == 1 ? "" : "s");
    }

    private static String pad(final String text, final int width) {
        return text + " ".repeat(width - text.length());
    }

    /** RFC 8259 7. */
    private static StringBuilder quote(final StringBuilder text, final String value) {
        text.append('"');
        for (int i = 0; i < value.length(); i++) {
            final char c = value.charAt(i);
            switch (c) {
                case '"' -> text.append("\\\"");
                case '\\' -> text.append("\\\\");
                case '\n' -> text.append("\\n");
                default -> {
                    if (c < ' ') {
                        text.append("\\u%04x".formatted((int) c));
                    } else {
                        text.append(c);
                    }
                }
            }
        }

        return text.append('"');
    }
}
