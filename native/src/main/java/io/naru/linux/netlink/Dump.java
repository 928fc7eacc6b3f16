package io.naru.linux.netlink;

import io.naru.linux.Errno;
import io.naru.linux.LinuxException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;

/** Asks for a whole table, again if it changed while the kernel read it out. */
final class Dump {
    /** A table that changes more often than this while it is read is taken as it is. */
    private static final int ATTEMPTS = 4;

    private Dump() {}

    /**
     * The table's entries.
     *
     * @param decoder of one message; null for what doesn't belong to the table.
     */
    static <T> List<T> of(
            final NetlinkSocket socket,
            final Supplier<NetlinkRequest> request,
            final int messageType,
            final Function<NetlinkMessageFlyweight, T> decoder,
            final String what) {
        final List<T> entries = new ArrayList<>();
        int result = 0;
        for (int i = 0; i < ATTEMPTS; i++) {
            entries.clear();
            result =
                    socket.request0(
                            request.get(),
                            message -> {
                                final T entry =
                                        message.type() == messageType
                                                ? decoder.apply(message)
                                                : null;
                                if (entry != null) {
                                    entries.add(entry);
                                }
                            });
            if (result != -Errno.EINTR) {
                LinuxException.check(result, what, "", socket.refusal());
                return entries;
            }
        }

        return entries;
    }
}
