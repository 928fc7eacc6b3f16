package io.naru.linux.netlink;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpAddressTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "0.0.0.0",
                "192.0.2.1",
                "255.255.255.255",
                "::",
                "::1",
                "fe80::9",
                "2001:db8::1:0:0:1",
                "2001:db8:0:1:1:1:1:1",
                "2001:0:0:1::1",
                "1:2:3:4:5:6:7:8",
                "ff02::"
            })
    void shouldWriteWhatItReads(final String text) {
        final IpAddress address = IpAddress.parse(text);

        assertEquals(text, address.toString());
        assertEquals(address, IpAddress.ofBytes(address.toBytes()));
        assertEquals(text.contains(":"), !address.isIpv4());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "localhost", "10.0.0", "256.0.0.1", "1:2", "10.0.0.1:80", "g::"})
    void shouldRefuseWhatIsNoAddress(final String text) {
        assertThrows(IllegalArgumentException.class, () -> IpAddress.parse(text));
    }

    @Test
    void shouldKeepIpv4InMappedForm() {
        final IpAddress address = IpAddress.ipv4(0xc000_0201);

        assertEquals(0, address.high());
        assertEquals(0xffff_c000_0201L, address.low());
        assertArrayEquals(new byte[] {(byte) 192, 0, 2, 1}, address.toBytes());
    }

    @ParameterizedTest
    @CsvSource({
        "10.1.2.3, 24, 10.1.2.0, 10.1.2.255",
        "10.1.2.3, 0, 0.0.0.0, 255.255.255.255",
        "10.1.2.3, 32, 10.1.2.3, 10.1.2.3",
        "2001:db8::5, 64, 2001:db8::, 2001:db8::ffff:ffff:ffff:ffff",
        "2001:db8::5, 32, 2001:db8::, 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
        "2001:db8::5, 128, 2001:db8::5, 2001:db8::5",
        "2001:db8::5, 0, ::, ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    })
    void shouldKnowTheEndsOfItsPrefix(
            final String address, final int length, final String first, final String last) {
        assertEquals(first, IpAddress.parse(address).first(length).toString());
        assertEquals(last, IpAddress.parse(address).last(length).toString());
    }

    @Test
    void shouldSortByNumber() {
        assertTrue(IpAddress.parse("10.0.0.2").compareTo(IpAddress.parse("10.0.0.10")) < 0);
        assertTrue(IpAddress.parse("9.0.0.0").compareTo(IpAddress.parse("200.0.0.0")) < 0);
        assertTrue(IpAddress.parse("ff02::1").compareTo(IpAddress.parse("fe80::1")) > 0);
    }

    @Test
    void shouldLoadMacFirstOctetLowest() {
        final long macNet = MacAddress.parse("02:00:5e:10:00:01");

        assertEquals(0x0100_105e_0002L, macNet);
        assertEquals("02:00:5e:10:00:01", MacAddress.format(macNet));
        assertThrows(IllegalArgumentException.class, () -> MacAddress.parse("2:0:5e:10:0:1"));
        assertFalse(macNet == MacAddress.NONE);
    }
}
