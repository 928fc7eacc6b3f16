package io.naru.bench.system;

import io.naru.bench.topology.Curl;
import io.naru.bench.topology.Family;
import io.naru.bench.topology.Namespace;
import io.naru.bench.topology.Site;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Real clients of the {@link RealServers}, who ask through a VIP. */
final class RealClients {
    private static final Pattern NAME = Pattern.compile("\\bs\\d\\b");

    private RealClients() {}

    /**
     * Asks a service some times, each time anew.
     *
     * @param host of the client.
     * @param server the port of the {@link RealServers} behind the service.
     * @param port of the service, at the site's VIP.
     * @return how often each server answered, and how often {@code nobody} did.
     */
    static Map<String, Integer> ask(
            final Namespace host,
            final Family family,
            final int server,
            final int port,
            final int times) {
        final String vip = Site.vip(family);
        return switch (server) {
            case RealServers.REDIS ->
                    run(host, times, "redis-cli -h %s -p %d config get dbfilename", vip, port);
            case RealServers.DNS ->
                    run(host, times, "drill @%s -p %d whoami.example.com TXT", vip, port);
            case RealServers.SIP ->
                    run(
                            host,
                            times,
                            "bash -c 'exec 3<>/dev/udp/%s/%d; echo OPTIONS >&3; head -n1 <&3'",
                            vip,
                            port);
            default ->
                    fetch(
                            host,
                            times,
                            "%s://%s:%d/"
                                    .formatted(
                                            server == RealServers.HTTPS ? "https" : "http",
                                            family.inUrl(vip),
                                            port));
        };
    }

    /** Waits until the answers are these. */
    static void awaitAnswers(
            final Map<String, Integer> wanted,
            final Supplier<Map<String, Integer>> answers,
            final Supplier<String> evidence) {
        Await.until(
                "requests are answered by " + wanted,
                () -> answers.get().equals(wanted),
                () -> "but by " + answers.get() + "\n" + evidence.get());
    }

    private static Map<String, Integer> fetch(
            final Namespace host, final int times, final String url) {
        final Map<String, Integer> answers = new TreeMap<>();
        for (final Curl.Reply reply : Curl.get(host, url, times, 1)) {
            answers.merge(reply.ok() ? reply.backend() : "nobody", 1, Integer::sum);
        }

        return answers;
    }

    private static Map<String, Integer> run(
            final Namespace host,
            final int times,
            final String command,
            final String vip,
            final int port) {
        final Map<String, Integer> answers = new TreeMap<>();
        final List<String> shell =
                List.of("sh", "-c", "timeout 1 " + command.formatted(vip, port) + " 2>&1");
        for (int i = 0; i < times; i++) {
            final Matcher name = NAME.matcher(host.attemptWithInput("", shell).output());
            answers.merge(name.find() ? name.group() : "nobody", 1, Integer::sum);
        }

        return answers;
    }
}
