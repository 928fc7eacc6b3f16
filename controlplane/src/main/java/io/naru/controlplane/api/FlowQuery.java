package io.naru.controlplane.api;

import io.naru.controlplane.config.NaruConfig;
import io.naru.controlplane.reconcile.BackendName;
import io.naru.dataplane.protocol.FlowFilter;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.Limits;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the filter of a query for flows from the parameters of its request. */
final class FlowQuery {
    static final Set<String> PARAMETERS =
            Set.of("service", "backend", "state", "src", "sport", "age", "limit");

    private static final Pattern AGE = Pattern.compile("(\\d{1,9})([smhd]?)");
    private static final int MAX_PORT = 65_535;

    private FlowQuery() {}

    static FlowFilter filter(final ApiRequest request, final NaruConfig config) {
        request.allowOnly(PARAMETERS);
        final String service = request.query().getOrDefault("service", "");
        if (!service.isEmpty() && config.service(service).isEmpty()) {
            throw ApiProblem.notFound(
                    "there is no service '" + service + "'", "naru get services lists them");
        }

        String pool = "";
        String backend = request.query().getOrDefault("backend", "");
        if (!backend.isEmpty()) {
            final List<BackendName> named = BackendName.matching(config, backend);
            if (named.isEmpty()) {
                throw ApiProblem.notFound(
                        "there is no backend '" + backend + "'", "naru get backends lists them");
            }
            pool = named.size() == 1 ? named.get(0).pool() : ""; // else of that name in any pool
            backend = named.get(0).backend();
        }

        final String src = request.query().get("src");
        final IpAddress client = src == null ? IpAddress.NONE : address(src);
        return new FlowFilter(
                service,
                pool,
                backend,
                state(request.query().getOrDefault("state", "")),
                client,
                src == null ? 0 : prefix(src, client),
                (int) request.number("sport", 0, MAX_PORT),
                ageS(request.query().get("age")),
                (int) request.number("limit", Limits.MAX_FLOWS_SHOWN, Limits.MAX_FLOWS_SHOWN));
    }

    private static String state(final String state) {
        if (state.length() > 15
                || !state.chars().allMatch(c -> c == '-' || (c >= 'a' && c <= 'z'))) {
            throw ApiProblem.badRequest(
                    "'" + state + "' is no state of a flow", "state established, for example");
        }

        return state;
    }

    private static IpAddress address(final String src) {
        final int slash = src.indexOf('/');
        final IpAddress address = IpAddress.parse(slash < 0 ? src : src.substring(0, slash));
        if (address == null) {
            throw badSource(src);
        }

        return address;
    }

    private static int prefix(final String src, final IpAddress address) {
        final int all = address.isIpv4() ? 32 : 128;
        final int slash = src.indexOf('/');
        if (slash < 0) {
            return all;
        }

        final String digits = src.substring(slash + 1);
        final int bits = digits.matches("\\d{1,3}") ? Integer.parseInt(digits) : Integer.MAX_VALUE;
        if (bits > all) {
            throw badSource(src);
        }

        return bits;
    }

    private static ApiProblem badSource(final String src) {
        return ApiProblem.badRequest(
                "'" + src + "' is no address or network",
                "src 198.51.100.7 or src 198.51.100.0/24, for example");
    }

    private static int ageS(final String age) {
        if (age == null) {
            return 0;
        }

        final Matcher matcher = AGE.matcher(age);
        if (matcher.matches()) {
            final long unit =
                    switch (matcher.group(2)) {
                        case "m" -> 60;
                        case "h" -> 3_600;
                        case "d" -> 86_400;
                        default -> 1;
                    };
            return (int) Math.min(Integer.MAX_VALUE, Long.parseLong(matcher.group(1)) * unit);
        }

        throw ApiProblem.badRequest(
                "'" + age + "' is no age", "age > 30s, age > 5m or age > 2h, for example");
    }
}
