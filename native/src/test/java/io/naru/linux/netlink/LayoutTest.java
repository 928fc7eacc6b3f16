package io.naru.linux.netlink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compares our sizes and offsets with the C compiler's, from the kernel's headers. */
class LayoutTest {
    @TempDir private Path directory;

    @Test
    void shouldAgreeWithTheKernelsHeaders() throws Exception {
        final Map<String, Integer> ours = new LinkedHashMap<>();
        ours.put("sizeof(struct nlmsghdr)", NetlinkMessageDescriptor.HEADER_LENGTH);
        ours.put("offsetof(struct nlmsghdr, nlmsg_seq)", NetlinkMessageDescriptor.SEQUENCE_OFFSET);
        ours.put("sizeof(struct nlattr)", NetlinkMessageDescriptor.ATTRIBUTE_HEADER_LENGTH);
        ours.put("sizeof(struct nlmsgerr)", NetlinkMessageDescriptor.ERROR_LENGTH);
        ours.put("sizeof(struct ifinfomsg)", LinkDescriptor.LENGTH);
        ours.put("offsetof(struct ifinfomsg, ifi_index)", LinkDescriptor.INDEX_OFFSET);
        ours.put("offsetof(struct ifinfomsg, ifi_flags)", LinkDescriptor.FLAGS_OFFSET);
        ours.put("sizeof(struct ifaddrmsg)", AddressDescriptor.LENGTH);
        ours.put("offsetof(struct ifaddrmsg, ifa_index)", AddressDescriptor.INDEX_OFFSET);
        ours.put("sizeof(struct ndmsg)", NeighbourDescriptor.LENGTH);
        ours.put("offsetof(struct ndmsg, ndm_ifindex)", NeighbourDescriptor.INDEX_OFFSET);
        ours.put("offsetof(struct ndmsg, ndm_state)", NeighbourDescriptor.STATE_OFFSET);
        ours.put("offsetof(struct ndmsg, ndm_flags)", NeighbourDescriptor.FLAGS_OFFSET);
        ours.put("sizeof(struct rtmsg)", RouteDescriptor.LENGTH);
        ours.put("offsetof(struct rtmsg, rtm_table)", RouteDescriptor.TABLE_OFFSET);
        ours.put("offsetof(struct rtmsg, rtm_type)", RouteDescriptor.TYPE_OFFSET);
        ours.put("offsetof(struct rtmsg, rtm_scope)", 6);
        ours.put("sizeof(struct fib_rule_hdr)", Rules.HEADER_LENGTH);
        ours.put("offsetof(struct fib_rule_hdr, action)", 7);
        ours.put("FRA_PRIORITY", Rules.FRA_PRIORITY);
        ours.put("FRA_FWMARK", Rules.FRA_FWMARK);
        ours.put("FRA_FWMASK", Rules.FRA_FWMASK);
        ours.put("FRA_TABLE", Rules.FRA_TABLE);
        ours.put("FR_ACT_TO_TBL", Rules.FR_ACT_TO_TBL);
        ours.put("RTA_MARK", RouteDescriptor.RTA_MARK);
        ours.put("RTA_IIF", RouteDescriptor.RTA_IIF);
        ours.put("RT_SCOPE_LINK", RouteDescriptor.RT_SCOPE_LINK);
        ours.put("sizeof(struct rtnexthop)", RouteDescriptor.NEXT_HOP_LENGTH);
        ours.put("offsetof(struct rtnexthop, rtnh_ifindex)", RouteDescriptor.NEXT_HOP_INDEX_OFFSET);
        ours.put("offsetof(struct rtvia, rtvia_addr)", RouteDescriptor.VIA_ADDRESS_OFFSET);
        ours.put("sizeof(struct genlmsghdr)", XdpFeatures.GENERIC_HEADER_LENGTH);
        ours.put("IFLA_XDP", LinkDescriptor.IFLA_XDP);
        ours.put("IFLA_XDP_PROG_ID", LinkDescriptor.IFLA_XDP_PROG_ID);
        ours.put("IFLA_INFO_SLAVE_KIND", LinkDescriptor.IFLA_INFO_SLAVE_KIND);
        ours.put("IFLA_NUM_RX_QUEUES", LinkDescriptor.IFLA_NUM_RX_QUEUES);
        ours.put("RTA_MULTIPATH", RouteDescriptor.RTA_MULTIPATH);
        ours.put("RTA_VIA", RouteDescriptor.RTA_VIA);
        ours.put("RTM_NEWNEXTHOP", RouteMessageType.RTM_NEWNEXTHOP);

        final Map<String, Integer> theirs = compile(ours);

        assertEquals(theirs, ours);
    }

    private Map<String, Integer> compile(final Map<String, Integer> expressions)
            throws IOException, InterruptedException {
        final StringBuilder source =
                new StringBuilder(
                        """
                        #include <stddef.h>
                        #include <stdio.h>
                        #include <sys/socket.h>
                        #include <linux/fib_rules.h>
                        #include <linux/genetlink.h>
                        #include <linux/if_addr.h>
                        #include <linux/if_link.h>
                        #include <linux/neighbour.h>
                        #include <linux/rtnetlink.h>
                        int main(void) {
                        """);
        expressions
                .keySet()
                .forEach(e -> source.append("printf(\"%%d\\n\", (int) (%s));\n".formatted(e)));
        final Path file = directory.resolve("layout.c");
        Files.writeString(file, source.append("return 0; }\n"));

        final Path program = directory.resolve("layout");
        run("cc", "-o", program.toString(), file.toString());
        final String[] lines = run(program.toString()).split("\n");
        final Map<String, Integer> values = new LinkedHashMap<>();
        int i = 0;
        for (final String expression : expressions.keySet()) {
            values.put(expression, Integer.valueOf(lines[i++]));
        }

        return values;
    }

    private static String run(final String... command) throws IOException, InterruptedException {
        final Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (final IOException e) {
            assumeTrue(false, "no C compiler: " + e.getMessage());
            return "";
        }

        final String output =
                new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor(30, TimeUnit.SECONDS);
        assumeTrue(process.exitValue() == 0, "no kernel headers: " + output);
        return output;
    }
}
