package io.naru.linux.netlink;

import static io.naru.linux.netlink.NetlinkMessageDescriptor.NLM_F_ACK;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.NLM_F_CREATE;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.NLM_F_EXCL;

import io.naru.linux.Errno;
import io.naru.linux.LinuxException;

/** Policy rules that send the packets of marked sockets to a routing table: {@code ip-rule(8)}. */
public final class Rules {
    /**
     * Packets with a mark are routed by a table.
     *
     * @param family {@link AddressFamily#INET} or {@link AddressFamily#INET6}.
     * @param priority the smaller one is asked first; table local has 0, table main 32766.
     * @param mark SO_MARK of the sockets, all bits of it.
     * @param table number of the table.
     */
    public record Rule(int family, int priority, int mark, int table) {
        /** As {@code ip rule} would have it. */
        @Override
        public String toString() {
            return "rule %d fwmark 0x%x lookup %d (%s)"
                    .formatted(
                            priority, mark, table, family == AddressFamily.INET ? "IPv4" : "IPv6");
        }
    }

    // include/uapi/linux/fib_rules.h; struct fib_rule_hdr has the size of struct rtmsg
    static final int FR_ACT_TO_TBL = 1;
    static final int FRA_PRIORITY = 6;
    static final int FRA_FWMARK = 10;
    static final int FRA_TABLE = 15;
    static final int FRA_FWMASK = 16;
    static final int HEADER_LENGTH = 12;

    private Rules() {}

    /**
     * Adds a rule; one that is there already is left as it is. Needs CAP_NET_ADMIN.
     *
     * @throws LinuxException if the kernel refuses.
     */
    public static void add(final NetlinkSocket socket, final Rule rule) {
        final int result =
                socket.request0(
                        request(
                                RouteMessageType.RTM_NEWRULE,
                                NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
                                rule),
                        message -> {});
        if (result != -Errno.EEXIST) {
            LinuxException.check(result, "RTM_NEWRULE", rule.toString(), socket.refusal());
        }
    }

    /**
     * Deletes a rule; one that is not there is none to delete. Needs CAP_NET_ADMIN.
     *
     * @throws LinuxException if the kernel refuses.
     */
    public static void delete(final NetlinkSocket socket, final Rule rule) {
        final int result =
                socket.request0(
                        request(RouteMessageType.RTM_DELRULE, NLM_F_ACK, rule), message -> {});
        if (result != -Errno.ENOENT) {
            LinuxException.check(result, "RTM_DELRULE", rule.toString(), socket.refusal());
        }
    }

    private static NetlinkRequest request(final int type, final int flags, final Rule rule) {
        return new NetlinkRequest(type, flags)
                .putByte(rule.family())
                .putByte(0)
                .putByte(0)
                .putByte(0)
                .putByte(0) // the table is in its attribute
                .putByte(0)
                .putByte(0)
                .putByte(FR_ACT_TO_TBL)
                .putInt(0)
                .attribute(FRA_PRIORITY, rule.priority())
                .attribute(FRA_FWMARK, rule.mark())
                .attribute(FRA_FWMASK, -1)
                .attribute(FRA_TABLE, rule.table());
    }
}
