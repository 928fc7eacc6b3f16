package io.naru.controlplane.api;

import io.naru.dataplane.protocol.Directory;
import io.naru.dataplane.protocol.InterfaceInfo;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.PacketQuery;
import io.naru.dataplane.protocol.Protocol;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;

/** Reads which packet is asked about from the parameters of a request. */
final class PacketParameters {
    private static final Set<String> PARAMETERS = Set.of("protocol", "client", "vip", "interface");
    private static final int MAX_PORT = 65_535;

    private PacketParameters() {}

    static PacketQuery read(final ApiRequest request, final Directory directory) {
        request.allowOnly(PARAMETERS);
        final String label = request.query().getOrDefault("protocol", "tcp");
        final Protocol protocol =
                Arrays.stream(Protocol.values())
                        .filter(each -> each.label().equals(label))
                        .findFirst()
                        .orElseThrow(
                                () ->
                                        ApiProblem.badRequest(
                                                "'" + label + "' is no protocol", "tcp or udp"));
        final String client = request.query().getOrDefault("client", "");
        final String vip = request.query().getOrDefault("vip", "");
        final PacketQuery packet =
                new PacketQuery(
                        protocol,
                        address("client", client),
                        port("client", client),
                        address("vip", vip),
                        port("vip", vip),
                        interfaceIndex(request.query().get("interface"), directory));
        if (packet.client().isIpv4() != packet.vip().isIpv4()) {
            throw ApiProblem.badRequest(
                    "client " + client + " and VIP " + vip + " are of two families", null);
        }

        return packet;
    }

    private static IpAddress address(final String what, final String endpoint) {
        final int colon = endpoint.lastIndexOf(':');
        final String text = colon < 0 ? "" : endpoint.substring(0, colon);
        final boolean isBracketed = text.startsWith("[") && text.endsWith("]");
        final IpAddress address =
                IpAddress.parse(isBracketed ? text.substring(1, text.length() - 1) : text);
        if (address == null || address.isNone() || address.isIpv4() == isBracketed) {
            throw badEndpoint(what, endpoint);
        }

        return address;
    }

    private static int port(final String what, final String endpoint) {
        final String digits = endpoint.substring(endpoint.lastIndexOf(':') + 1);
        final int port = digits.matches("\\d{1,5}") ? Integer.parseInt(digits) : Integer.MAX_VALUE;
        if (port > MAX_PORT) {
            throw badEndpoint(what, endpoint);
        }

        return port;
    }

    private static ApiProblem badEndpoint(final String what, final String endpoint) {
        return ApiProblem.badRequest(
                "'" + endpoint + "' is no address and port (" + what + ")",
                "198.51.100.7:40000 or [2001:db8::7]:40000, for example");
    }

    private static int interfaceIndex(final String name, final Directory directory) {
        if (name == null) {
            return PacketQuery.ANY_INTERFACE;
        }

        return directory.interfaces().stream()
                .filter(each -> each.name().equals(name))
                .mapToInt(InterfaceInfo::index)
                .findFirst()
                .orElseThrow(
                        () ->
                                ApiProblem.badRequest(
                                        "the data plane has no interface '" + name + "'",
                                        directory.interfaces().stream()
                                                .map(InterfaceInfo::name)
                                                .collect(Collectors.joining(", "))));
    }
}
