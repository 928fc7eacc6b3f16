package io.naru.controlplane.config;

import io.naru.controlplane.config.ScalarType.InvalidValueException;
import io.naru.controlplane.json.JsonObject;
import io.naru.dataplane.protocol.IpAddress;

/** The scalar types of IP addresses. */
final class AddressTypes {
    /** The servers of the simulated demo have their listening sockets on the loopback network. */
    private static final boolean LOOPBACK_ALLOWED = Boolean.getBoolean("naru.config.loopback");

    private AddressTypes() {}

    static ScalarType<IpAddress> address() {
        return new ScalarType<>(
                "an IP address",
                node -> address(node.getValue()),
                IpAddress::toString,
                () -> Types.anyOf(format("ipv4"), format("ipv6")));
    }

    private static JsonObject format(final String name) {
        return new JsonObject().put("type", "string").put("format", name);
    }

    /** An address of one family, or a prefix. */
    static ScalarType<AddressPrefix> prefix(final boolean isIpv4) {
        final String label = "an %s address or prefix".formatted(isIpv4 ? "IPv4" : "IPv6");
        return new ScalarType<>(
                label,
                node -> {
                    final AddressPrefix prefix = prefix(node.getValue());
                    if (prefix == null || prefix.address().isIpv4() != isIpv4) {
                        throw Types.invalid(
                                label,
                                node,
                                isIpv4
                                        ? "10.2.0.1 or 10.9.0.0/16"
                                        : "2001:db8::1 or 2001:db8::/64");
                    }
                    return prefix;
                },
                AddressPrefix::toString,
                () -> new JsonObject().put("type", "string"));
    }

    private static AddressPrefix prefix(final String text) throws InvalidValueException {
        final int slash = text.indexOf('/');
        final IpAddress address = address(slash < 0 ? text : text.substring(0, slash));
        if (slash < 0) {
            return AddressPrefix.of(address);
        }

        final String digits = text.substring(slash + 1);
        final int bits = address.isIpv4() ? 32 : 128;
        final int length = digits.matches("[0-9]{1,3}") ? Integer.parseInt(digits) : -1;
        return length < 1 || length > bits ? null : new AddressPrefix(address, length);
    }

    /**
     * The address that {@code text} spells.
     *
     * @throws InvalidValueException if it spells none, or one that cannot be a server's.
     */
    static IpAddress address(final String text) throws InvalidValueException {
        final IpAddress address = IpAddress.parse(text);
        final String shown = "'" + ScalarType.shorten(text) + "'";
        if (address == null) {
            throw new InvalidValueException(
                    "must be an IP address, not " + shown,
                    text.matches("[0-9.]+:[0-9]+")
                            ? "the port is a key of its own: port: "
                                    + text.substring(text.indexOf(':') + 1)
                            : text.matches("[0-9a-fA-F.:]+/[0-9]+")
                                    ? "an address without a prefix length"
                                    : "such as 192.0.2.10 or 2001:db8::10; host names are never"
                                            + " looked up");
        }
        if (address.isIpv4() ? !isServer(address.ipv4()) : !isServer6(address)) {
            throw new InvalidValueException(
                    shown + " cannot be the address of a server on a network",
                    address.isIpv4()
                            ? "0.x, 127.x, multicast and broadcast addresses stay on their host or"
                                    + " network"
                            : "::, ::1, link-local and multicast addresses stay on their host or"
                                    + " link");
        }

        return address;
    }

    private static boolean isServer(final int ipv4) { // RFC 1122 3.2.1.3
        final int first = ipv4 >>> 24;
        return first != 0 && (first != 127 || LOOPBACK_ALLOWED) && first >>> 5 != 7;
    }

    private static boolean isServer6(final IpAddress address) { // RFC 4291 2.4
        final int first = (int) (address.high() >>> 48);
        return address.high() != 0 && first >>> 6 != 0xfe80 >>> 6 && first >>> 8 != 0xff;
    }
}
