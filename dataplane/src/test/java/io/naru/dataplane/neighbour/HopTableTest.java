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
    void shouldKnowTheSmallestMtuAlsoWhenItRisesAgain() {
        final HopTable table = new HopTable(3);
        assertEquals(1500, table.smallestMtu());

        table.interfaceMtu(0, 1480);
        table.mtu(0, 1400);
        table.mtu(1, 1300);
        assertEquals(1300, table.smallestMtu());

        table.mtu(1, 1450);
        assertEquals(1400, table.smallestMtu());
        table.mtu(0, 0);
        assertEquals(1450, table.smallestMtu());
        table.mtu(1, 9000);
        assertEquals(1480, table.smallestMtu());
        table.interfaceMtu(0, 9000);
        assertEquals(1500, table.smallestMtu(), "an interface not spoken of has that of Ethernet");
    }

    @Test
    void shouldRefuseIdsThatItDoesNotHave() {
        final HopTable table = new HopTable(3);

        assertThrows(IndexOutOfBoundsException.class, () -> table.hop(3, 0));
        assertThrows(AssertionError.class, () -> table.hop(-1));
    }
}
