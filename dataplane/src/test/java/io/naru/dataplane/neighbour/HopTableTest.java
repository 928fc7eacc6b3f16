package io.naru.dataplane.neighbour;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class HopTableTest {
    @Test
    void shouldKeepMacAndInterfaceInOneLong() {
        final long hop = Hop.of(0xffff_0100_105e_0002L, 255);

        assertTrue(Hop.isResolved(hop));
        assertEquals(0x0100_105e_0002L, Hop.macNet(hop));
        assertEquals(255, Hop.interfaceIndex(hop));
        assertFalse(Hop.isResolved(Hop.UNRESOLVED));
        assertTrue(Hop.isResolved(Hop.of(0, 0)), "differs from unresolved even so");
    }

    @Test
    void shouldStartUnresolvedAndKeepWhatIsPublished() {
        final HopTable table = new HopTable(3);
        for (int id = 0; id < table.capacity(); id++) {
            assertEquals(Hop.UNRESOLVED, table.hop(id));
        }

        table.hop(2, Hop.of(0x0605_0403_0201L, 1));

        assertEquals(Hop.UNRESOLVED, table.hop(1));
        assertEquals(Hop.of(0x0605_0403_0201L, 1), table.hop(2));
    }

    @Test
    void shouldRefuseIdsThatItDoesNotHave() {
        final HopTable table = new HopTable(3);

        assertThrows(IndexOutOfBoundsException.class, () -> table.hop(3, 0));
        assertThrows(AssertionError.class, () -> table.hop(-1));
    }
}
