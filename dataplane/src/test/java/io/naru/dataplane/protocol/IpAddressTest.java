package io.naru.dataplane.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class IpAddressTest {
    @Test
    void shouldReadAndPrintAddresses() {
        for (final String text :
                new String[] {
                    "0.0.0.0",
                    "192.0.2.1",
                    "255.255.255.255",
                    "::",
                    "::1",
                    "2001:db8::10",
                    "2001:db8:0:1:1:1:1:1",
                    "1::2:0:0:3",
                    "fe80::1:2:3:4"
                }) {
            final IpAddress address = IpAddress.parse(text);

            assertEquals(text, address.toString());
            final UnsafeBuffer buffer = new UnsafeBuffer(new byte[16]);
            address.putTo(buffer, 0);
            assertEquals(address, IpAddress.getFrom(buffer, 0));
        }

        assertEquals(0xc0000201, IpAddress.parse("192.0.2.1").ipv4());
        assertEquals(IpAddress.parse("192.0.2.1"), IpAddress.parse("::ffff:192.0.2.1"));
        assertTrue(IpAddress.parse("192.0.2.1").isIpv4());
        assertFalse(IpAddress.parse("::1").isIpv4());
        assertTrue(IpAddress.parse("::").isNone());
    }

    @Test
    void shouldRefuseWhatIsNoAddressWithoutLookingItUp() {
        for (final String text :
                new String[] {
                    "",
                    "1.2.3",
                    "1.2.3.4.5",
                    "1.2.3.256",
                    "01.2.3.4",
                    "1..3.4",
                    "localhost",
                    "1.2.3.4 ",
                    "::g",
                    "1:2",
                    "fe80::1%eth0",
                    "1.2.3.4/24"
                }) {
            assertNull(IpAddress.parse(text), text);
        }
    }

    @Test
    void shouldOrderAsUnsignedNumbers() {
        assertTrue(IpAddress.parse("10.0.0.9").compareTo(IpAddress.parse("10.0.0.10")) < 0);
        assertTrue(IpAddress.parse("200.0.0.1").compareTo(IpAddress.parse("100.0.0.1")) > 0);
        assertTrue(IpAddress.parse("fe80::1").compareTo(IpAddress.parse("1::")) > 0);
    }

    @Test
    void shouldBeTheSameForSockets() {
        for (final String text : new String[] {"192.0.2.1", "2001:db8::1", "::", "fe80::1"}) {
            final byte[] bytes = IpAddress.parse(text).inetAddress().getAddress();
            final IpAddress again =
                    bytes.length == 4
                            ? IpAddress.ipv4(ByteBuffer.wrap(bytes).getInt())
                            : new IpAddress(
                                    ByteBuffer.wrap(bytes).getLong(),
                                    ByteBuffer.wrap(bytes, 8, 8).getLong());

            assertEquals(text.contains(":") ? 16 : 4, bytes.length);
            assertEquals(text, again.toString());
        }
    }
}
