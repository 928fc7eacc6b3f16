package io.naru.bench.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.naru.bench.topology.Command;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The checker is checked: it must find what is wrong behind a tunnel header and in a quotation. */
class CaptureTest {
    private static final int PCAP_MAGIC = 0xa1b2c3d4;
    private static final int SNAPLEN = 65_535;
    private static final int ETHERNET = 1;

    private static final String ETHERNET_IPV6 =
            "020000000002"
                    + "020000000001"
                    + "86dd"
                    + "60000000002c2f40"
                    + "20010db80000000000000000000000fe"
                    + "20010db8000000000000000000000001";
    private static final String SYN_IN_GRE =
            ETHERNET_IPV6
                    + "00000800"
                    + "450000280001000040068e85c6336402c0000214"
                    + "13880050000000010000000050022000%s0000";
    private static final String ICMP_ERROR =
            "020000000002"
                    + "020000000001"
                    + "0800"
                    + "4500003c0003000040018e7fc6336401c000020a"
                    + "0304%s00000000"
                    + "450000200002000040%sc000020ac6336402"
                    + "00351388000c3b1261626364";

    @TempDir private Path directory;

    @BeforeAll
    static void needTshark() {
        assumeTrue(
                Command.attempt(List.of("which", "tshark"), "").exitCode() == 0,
                "tshark is not installed");
    }

    @Test
    void shouldFindNothingInFramesThatAreRight() throws IOException {
        final Capture capture =
                capture(SYN_IN_GRE.formatted("8fbf"), ICMP_ERROR.formatted("e959", "118e8b"));

        assertEquals(List.of(), capture.badChecksums());
        assertEquals(1, capture.count("gre && tcp"));
    }

    @Test
    void shouldFindAWrongChecksumBehindATunnelHeader() throws IOException {
        final List<String> bad =
                capture(SYN_IN_GRE.formatted("8fbf"), SYN_IN_GRE.formatted("8ebf")).badChecksums();

        assertEquals(1, bad.size(), bad::toString);
        assertTrue(bad.get(0).startsWith("2|"), bad::toString);
    }

    @Test
    void shouldFindAWrongChecksumInAQuotedHeader() throws IOException {
        final List<String> bad = capture(ICMP_ERROR.formatted("e859", "118f8b")).badChecksums();

        assertEquals(1, bad.size(), bad::toString);
    }

    private Capture capture(final String... frames) throws IOException {
        final ByteBuffer bytes = ByteBuffer.allocate(1 << 12).order(ByteOrder.BIG_ENDIAN);
        bytes.putInt(PCAP_MAGIC).putShort((short) 2).putShort((short) 4).putLong(0);
        bytes.putInt(SNAPLEN).putInt(ETHERNET);
        for (final String frame : frames) {
            final byte[] content = HexFormat.of().parseHex(frame);
            bytes.putLong(0).putInt(content.length).putInt(content.length).put(content);
        }

        final byte[] file = new byte[bytes.flip().limit()];
        bytes.get(file);
        return Capture.of(Files.write(directory.resolve("frames.pcap"), file));
    }
}
