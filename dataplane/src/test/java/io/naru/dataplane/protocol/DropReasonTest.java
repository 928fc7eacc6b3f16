package io.naru.dataplane.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DropReasonTest {
    @Test
    void shouldNumberReasonsDenselyFromZero() {
        for (int code = 0; code < DropReason.count(); code++) {
            assertEquals(code, DropReason.ofCode(code).code());
        }

        assertNull(DropReason.ofCode(DropReason.count()));
        assertNull(DropReason.ofCode(-1));
    }

    @Test
    void shouldHaveKebabCaseLabelAndOneSentence() {
        final Set<String> labels = new HashSet<>();
        for (final DropReason reason : DropReason.values()) {
            assertTrue(reason.label().matches("[a-z0-9]+(-[a-z0-9]+)*"), reason.label());
            assertTrue(labels.add(reason.label()), reason.label());
            assertTrue(reason.sentence().matches("[A-Z][^\n]*\\."), reason.sentence());
        }
    }

    @Test
    void shouldBeExplainedToOperators() throws IOException {
        final String page = Files.readString(Path.of("../docs/packet-walk.md"));
        for (final DropReason reason : DropReason.values()) {
            final String row = "\n| `" + reason.label() + "` |";
            final int at = page.indexOf(row);
            assertTrue(at >= 0, "docs/packet-walk.md has no row for " + reason.label());
            final String line = page.substring(at + 1, page.indexOf('\n', at + 1));
            assertTrue(line.contains("| " + reason.sentence() + " |"), line);
        }
    }
}
