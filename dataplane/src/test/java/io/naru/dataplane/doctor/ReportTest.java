package io.naru.dataplane.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class ReportTest {
    private static final List<Finding> FINDINGS =
            List.of(
                    new Finding("box", "kernel", Level.OK, "Linux 6.1", List.of()),
                    new Finding("box", "huge-pages", Level.WARNING, "none", List.of("one", "two")),
                    new Finding("eth0", "link", Level.PROBLEM, "say \"no\"", List.of("ip link")));

    @Test
    void shouldAlignTable() {
        assertEquals(
                """
                box
                  ok       kernel      Linux 6.1
                  warning  huge-pages  none
                                       $ one
                                       $ two

                eth0
                  problem  link        say "no"
                                       $ ip link

                1 problem, 1 warning
                """,
                Report.table(FINDINGS, false));
    }

    @Test
    void shouldColourOnlyWhereAsked() {
        assertFalse(Report.table(FINDINGS, false).contains("\u001b"));
        final String coloured = Report.table(FINDINGS, true);
        assertTrue(coloured.contains("\u001b[31mproblem\u001b[0m  link"), coloured);
        assertEquals(Report.table(FINDINGS, false), coloured.replaceAll("\u001b\\[[0-9]+m", ""));
    }

    @Test
    void shouldSumUp() {
        assertTrue(Report.table(FINDINGS.subList(0, 1), false).endsWith("\nnothing to do\n"));
        assertTrue(
                Report.table(FINDINGS.subList(0, 2), false).endsWith("\nno problems, 1 warning\n"));
    }

    @Test
    void shouldWriteJson() {
        assertEquals(
                """
                {"problems":1,"warnings":1,"findings":[
                {"subject":"box","check":"kernel","level":"ok","found":"Linux 6.1","remedy":[]},
                {"subject":"box","check":"huge-pages","level":"warning","found":"none","remedy":["one","two"]},
                {"subject":"eth0","check":"link","level":"problem","found":"say \\"no\\"","remedy":["ip link"]}
                ]}
                """,
                Report.json(FINDINGS));
    }
}
