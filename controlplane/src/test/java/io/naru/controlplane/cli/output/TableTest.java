package io.naru.controlplane.cli.output;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class TableTest {
    @Test
    void shouldLineUpTextOnTheLeftAndNumbersOnTheRight() {
        final Table table = new Table().left("NAME").right("FLOWS").left("STATE");
        table.row("web/s1", 12, "up").row("a", 1_234_567L, "drain").row("bb", null, "");

        assertEquals(
                """
                NAME      FLOWS  STATE
                web/s1       12  up
                a       1234567  drain
                bb            -  -
                """,
                table.format(false, Style.PLAIN));
    }

    @Test
    void shouldShowWideColumnsOnlyWhenAsked() {
        final Table table = new Table().left("NAME").wideLeft("MAC").wideRight("ID");
        table.row("s1", "02:00:00:00:00:01", 7);

        assertEquals("NAME\ns1\n", table.format(false, Style.PLAIN));
        assertEquals(
                "NAME  MAC                ID\ns1    02:00:00:00:00:01   7\n",
                table.format(true, Style.PLAIN));
    }

    @Test
    void shouldNotCountColoursAsWidth() {
        final Style style = Style.of(true);
        final Table table = new Table().left("STATE").left("NAME");
        table.row(style.red("down"), "s1").row("up", "s2");

        assertEquals(
                """
                <1>STATE<0>  <1>NAME<0>
                <31>down<0>   s1
                up     s2
                """,
                table.format(false, style).replaceAll("\u001b\\[([0-9]+)m", "<$1>"));
    }

    @Test
    void shouldNotLetACellMoveTheCursor() {
        final Table table = new Table().left("NAME");
        table.row("a\nb\r\u0008c");

        assertEquals("NAME\na?b??c\n", table.format(false, Style.PLAIN));
    }

    @Test
    void shouldRefuseARowOfAnotherLength() {
        final Table table = new Table().left("NAME");

        assertThrows(IllegalArgumentException.class, () -> table.row("a", "b"));
    }
}
