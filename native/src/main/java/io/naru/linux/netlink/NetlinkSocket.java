package io.naru.linux.netlink;

import static io.naru.linux.netlink.NetlinkMessageDescriptor.ERROR_LENGTH;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.ERROR_OFFSET;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.HEADER_LENGTH;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.LENGTH_OFFSET;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.NLMSGERR_ATTR_MSG;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.NLMSG_DONE;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.NLMSG_ERROR;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.NLMSG_NOOP;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.NLMSG_OVERRUN;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.NLM_F_ACK_TLVS;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.NLM_F_CAPPED;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.NLM_F_DUMP_INTR;
import static io.naru.linux.netlink.NetlinkMessageDescriptor.NLM_F_MULTI;

import io.naru.linux.Errno;
import io.naru.linux.Libc;
import io.naru.linux.LinuxException;
import java.nio.ByteBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A netlink socket: either for requests, or for the messages of multicast groups.
 *
 * <p>The kernel handles a request within the call that sends it, so a request takes two system
 * calls and does not wait for anybody else. Used by one thread at a time; it belongs to the network
 * namespace of the thread that opened it.
 */
public final class NetlinkSocket implements AutoCloseable {
    /** What {@link #poll} returns when the kernel had to drop messages: ask for everything anew. */
    static final int OVERRUN = -1;

    // include/uapi/linux/netlink.h
    static final int NETLINK_ROUTE = 0;
    static final int NETLINK_GENERIC = 16;
    private static final int NETLINK_ADD_MEMBERSHIP = 1;
    private static final int NETLINK_CAP_ACK = 10;
    private static final int NETLINK_EXT_ACK = 11;

    // include/linux/socket.h, include/linux/net.h, include/uapi/asm-generic/socket.h
    private static final int SOL_NETLINK = 270;
    private static final int SOL_SOCKET = 1;
    private static final int SO_RCVBUF = 8;
    private static final int SO_RCVTIMEO = 20;
    private static final int SO_RCVBUFFORCE = 33;
    private static final int SOCK_RAW = 3;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int MSG_TRUNC = 0x20;
    private static final int MSG_DONTWAIT = 0x40;

    /** A dump comes in pieces of at most 32 KiB (NLMSG_GOODSIZE of netlink_dump()). */
    private static final int RECEIVE_CAPACITY = 64 * 1024;

    /** The kernel answers within the call that asks; so long means that it never will. */
    private static final int ANSWER_TIMEOUT_S = 5;

    /** Room for the changes that arrive between two polls: about 20,000 neighbour changes. */
    private static final int EVENT_BUFFER_BYTES = 8 * 1024 * 1024;

    private final UnsafeBuffer received =
            new UnsafeBuffer(ByteBuffer.allocateDirect(RECEIVE_CAPACITY));
    private final UnsafeBuffer sent =
            new UnsafeBuffer(ByteBuffer.allocateDirect(NetlinkRequest.CAPACITY));
    private final NetlinkMessageFlyweight message = new NetlinkMessageFlyweight();
    private final int fd;
    private int sequence;
    private String refusal = "";

    private NetlinkSocket(final int fd) {
        this.fd = fd;
    }

    /**
     * A socket to ask for links, addresses, neighbours and routes with.
     *
     * @throws LinuxException if the kernel refuses.
     */
    public static NetlinkSocket open() {
        return open(NETLINK_ROUTE);
    }

    static NetlinkSocket open(final int protocol) {
        final int fd = Libc.socket(AddressFamily.NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
        LinuxException.check(fd, "socket(AF_NETLINK)", "", "");
        final NetlinkSocket socket = new NetlinkSocket(fd);
        try {
            socket.bind();
            // Texts of errors are a comfort: kernels before 4.12 don't have them.
            socket.option0(SOL_NETLINK, NETLINK_EXT_ACK, 1);
            socket.option0(SOL_NETLINK, NETLINK_CAP_ACK, 1);
            socket.answerTimeout();
            return socket;
        } catch (final RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /** A socket that receives what the kernel tells these groups (RTNLGRP_… numbers). */
    static NetlinkSocket openGroups(final int... groups) {
        final NetlinkSocket socket = open(NETLINK_ROUTE);
        try {
            // Only CAP_NET_ADMIN may go over net.core.rmem_max; without it take what there is.
            if (socket.option0(SOL_SOCKET, SO_RCVBUFFORCE, EVENT_BUFFER_BYTES) < 0) {
                socket.option0(SOL_SOCKET, SO_RCVBUF, EVENT_BUFFER_BYTES);
            }

            for (final int group : groups) {
                LinuxException.check(
                        socket.option0(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group),
                        "setsockopt(NETLINK_ADD_MEMBERSHIP)",
                        "group " + group,
                        "");
            }

            return socket;
        } catch (final RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /**
     * Takes what has arrived for our groups without waiting.
     *
     * @param limit of datagrams to take, each with one or more messages.
     * @return the number of messages, or {@link #OVERRUN} if the kernel dropped some: what has been
     *     handed over so far is still true, but there was more.
     * @throws LinuxException for any error that isn't about messages being many.
     */
    int poll(final MessageHandler handler, final int limit) {
        int messages = 0;
        for (int i = 0; i < limit; i++) {
            final int length = receive0(MSG_DONTWAIT);
            if (length == -Errno.EAGAIN) {
                break;
            }

            if (length == -Errno.ENOBUFS || length > RECEIVE_CAPACITY) {
                return OVERRUN;
            }

            LinuxException.check(length, "recv(AF_NETLINK)", "", "");
            int offset = 0;
            while (wrapNext(offset, length)) {
                if (message.type() == NLMSG_OVERRUN) {
                    return OVERRUN;
                }

                if (message.type() != NLMSG_NOOP) {
                    handler.onMessage(message);
                    messages++;
                }

                offset += NetlinkMessageDescriptor.align(message.length());
            }
        }

        return messages;
    }

    /**
     * Sends a request and hands every message of its answer to {@code handler}.
     *
     * @return 0, or {@code -errno} if the kernel refuses; {@code -EINTR} if a dump was overtaken by
     *     changes and may have gaps. {@link #refusal()} may have more to say.
     * @throws LinuxException if there is no answer at all.
     */
    int request0(final NetlinkRequest request, final MessageHandler handler) {
        final int expected = ++sequence;
        request.finish(expected);
        refusal = "";
        sent.putBytes(0, request.buffer(), 0, request.length());
        LinuxException.check(
                Libc.send(fd, sent.addressOffset(), request.length(), 0),
                "send(AF_NETLINK)",
                "",
                "");

        boolean interrupted = false;
        while (true) {
            final int length = receive0(0);
            LinuxException.check(length, "recv(AF_NETLINK)", "", "the kernel gave no answer");
            if (length > RECEIVE_CAPACITY) {
                throw new LinuxException(
                        "recv(AF_NETLINK)", "a message of " + length + " bytes", Errno.E2BIG, "");
            }

            int offset = 0;
            while (wrapNext(offset, length)) {
                offset += NetlinkMessageDescriptor.align(message.length());
                if (message.sequence() != expected) {
                    continue; // a late answer to a request that was given up
                }

                interrupted |= (message.flags() & NLM_F_DUMP_INTR) != 0;
                final int type = message.type();
                if (type == NLMSG_ERROR) {
                    return onError();
                }

                if (type == NLMSG_DONE) {
                    return interrupted ? -Errno.EINTR : onDone();
                }

                handler.onMessage(message);
                if ((message.flags() & NLM_F_MULTI) == 0 && !request.wantsAcknowledgement()) {
                    return 0;
                }
            }
        }
    }

    /** As {@link #request0}, but a refusal is an exception that names {@code what} was asked. */
    void request(final NetlinkRequest request, final MessageHandler handler, final String what) {
        LinuxException.check(request0(request, handler), what, "", refusal);
    }

    /** What the kernel said about the last request it refused; empty if it said nothing. */
    String refusal() {
        return refusal;
    }

    @Override
    public void close() {
        Libc.close(fd);
    }

    private boolean wrapNext(final int offset, final int length) {
        if (offset + HEADER_LENGTH > length) {
            return false;
        }

        final int messageLength = received.getInt(offset + LENGTH_OFFSET);
        if (messageLength < HEADER_LENGTH || offset + messageLength > length) {
            return false;
        }

        message.wrap(received, offset);
        return true;
    }

    private int onError() {
        final int error = message.getInt(ERROR_OFFSET);
        if ((message.flags() & (NLM_F_ACK_TLVS | NLM_F_CAPPED))
                == (NLM_F_ACK_TLVS | NLM_F_CAPPED)) {
            final AttributeReader attributes = message.attributes(ERROR_LENGTH);
            while (attributes.next()) {
                if (attributes.type() == NLMSGERR_ATTR_MSG) {
                    refusal = attributes.getString();
                }
            }
        }

        return error;
    }

    /** The end of a dump carries its error, if it had one. */
    private int onDone() {
        return message.payloadLength() < Integer.BYTES ? 0 : message.getInt(ERROR_OFFSET);
    }

    /** The length of the datagram, also if it is longer than our buffer, or {@code -errno}. */
    private int receive0(final int flags) {
        while (true) {
            final int length =
                    Libc.recv(fd, received.addressOffset(), RECEIVE_CAPACITY, flags | MSG_TRUNC);
            if (length != -Errno.EINTR) {
                return length;
            }
        }
    }

    private void bind() {
        // struct sockaddr_nl of include/uapi/linux/netlink.h: family, pad, pid, groups; the kernel
        // chooses the port id and groups are joined by option, as their numbers exceed the mask.
        final UnsafeBuffer address = new UnsafeBuffer(ByteBuffer.allocateDirect(12));
        address.putShort(0, (short) AddressFamily.NETLINK);
        LinuxException.check(
                Libc.bind(fd, address.addressOffset(), address.capacity()),
                "bind(AF_NETLINK)",
                "",
                "");
    }

    private int option0(final int level, final int option, final int value) {
        final UnsafeBuffer buffer = new UnsafeBuffer(ByteBuffer.allocateDirect(Integer.BYTES));
        buffer.putInt(0, value);
        return Libc.setsockopt(fd, level, option, buffer.addressOffset(), buffer.capacity());
    }

    private void answerTimeout() {
        // struct timeval
        final UnsafeBuffer buffer = new UnsafeBuffer(ByteBuffer.allocateDirect(2 * Long.BYTES));
        buffer.putLong(0, ANSWER_TIMEOUT_S);
        LinuxException.check(
                Libc.setsockopt(
                        fd, SOL_SOCKET, SO_RCVTIMEO, buffer.addressOffset(), buffer.capacity()),
                "setsockopt(SO_RCVTIMEO)",
                "",
                "");
    }
}
