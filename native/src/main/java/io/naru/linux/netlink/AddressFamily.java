package io.naru.linux.netlink;

/** The kernel's numbers for address families, from {@code include/linux/socket.h}. */
public final class AddressFamily {
    public static final int UNSPEC = 0;
    public static final int INET = 2;
    public static final int INET6 = 10;
    static final int NETLINK = 16;

    private AddressFamily() {}
}
