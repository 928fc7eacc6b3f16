package io.naru.linux.netlink;

/** Takes one message; the view is only valid during the call. */
@FunctionalInterface
interface MessageHandler {
    void onMessage(NetlinkMessageFlyweight message);
}
