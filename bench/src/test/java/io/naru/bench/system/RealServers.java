package io.naru.bench.system;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.naru.bench.topology.Command;
import io.naru.bench.topology.Namespace;
import io.naru.bench.topology.Site;
import io.naru.bench.topology.WebServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * One host's real servers, one for each kind of check, and what can go wrong with them.
 *
 * <pre>
 *   nginx    HTTP, HTTPS  says 'status: ok' at /health; who it is in X-Backend
 *   nginx    SIP          answers a datagram with one line; who it is in that
 *   redis    REDIS        says PONG; who it is in 'config get dbfilename'
 *   dnsmasq  DNS          has health.example.com; who it is in the text of whoami.example.com
 * </pre>
 */
final class RealServers {
    static final int HTTP = 8081;
    static final int HTTPS = 8443;
    static final int REDIS = 6379;
    static final int DNS = 53;
    static final int SIP = 5060;

    private static final Path STREAM_MODULE =
            Path.of("/usr/lib/nginx/modules/ngx_stream_module.so");

    private final Site site;
    private final WebServer web;
    private final Namespace host;
    private final Certificate certificate;
    private Process stream;
    private Process redis;
    private Process dnsmasq;

    /**
     * Starts them all but {@code web}, which is the site's to start.
     *
     * @param certificate of {@code web}.
     */
    RealServers(final Site site, final WebServer web, final Certificate certificate) {
        this.site = site;
        this.web = web;
        this.certificate = certificate;
        host = web.host();
        // that a port is unreachable is to be told to every check
        host.sysctl("net.ipv4.icmp_ratelimit=0");
        serve("return 200 'status: ok'", "200 OK", "192.0.2.1 health.example.com");
        startOthers();
    }

    static void assumePossible() {
        SystemUnderTest.assumePossible(
                "nginx",
                "openssl",
                "redis-server",
                "dnsmasq",
                "nft",
                "curl",
                "redis-cli",
                "drill",
                "ethtool");
        assumeTrue(Files.exists(STREAM_MODULE), "nginx has no " + STREAM_MODULE);
    }

    String name() {
        return web.name();
    }

    private void startOthers() {
        startRedis();
        dnsmasq =
                start(
                        "dnsmasq",
                        "--keep-in-foreground",
                        "--conf-file=/dev/null",
                        "--pid-file=",
                        "--user=root",
                        "--no-resolv",
                        "--no-hosts",
                        "--local=/example.com/",
                        "--addn-hosts=" + web.directory().resolve("hosts"),
                        "--txt-record=whoami.example.com," + name());
        stream = start("nginx", "-c", streamFile().toString(), "-e", "stderr");
    }

    private void startRedis() {
        redis =
                start(
                        "redis-server",
                        "--port",
                        String.valueOf(REDIS),
                        "--dir",
                        web.directory().toString(),
                        "--dbfilename",
                        name(),
                        "--save",
                        "",
                        "--protected-mode",
                        "no");
    }

    private Process start(final String... command) {
        return host.start(web.directory().resolve("others.log"), Map.of(), List.of(command));
    }

    // -- nobody listens ---------------------------------------------------------------------------

    void kill() {
        web.kill();
        end(redis);
        end(dnsmasq);
        end(stream);
    }

    private static void end(final Process server) {
        final List<ProcessHandle> children = server.descendants().toList();
        server.destroyForcibly().onExit().join();
        children.forEach(ProcessHandle::destroyForcibly);
    }

    void start() {
        web.start();
        startOthers();
    }

    // -- connections and datagrams are taken by the kernel, and nobody reads them -----------------

    void freeze() {
        signalAll("-STOP");
    }

    void thaw() {
        signalAll("-CONT");
    }

    private void signalAll(final String signal) {
        final List<String> command = new ArrayList<>(List.of("kill", signal));
        final Stream<ProcessHandle> others =
                Stream.of(stream, redis, dnsmasq)
                        .flatMap(
                                server ->
                                        Stream.concat(
                                                Stream.of(server.toHandle()),
                                                server.descendants()));
        Stream.concat(web.processes().stream(), others)
                .forEach(process -> command.add(String.valueOf(process.pid())));
        Command.run(command);
    }

    // -- the network ------------------------------------------------------------------------------

    /** What is sent to the host disappears. */
    void dropPackets() {
        filterPackets("drop");
    }

    /** What is sent to the host is forbidden, and senders are told so. */
    void rejectPackets() {
        filterPackets("reject with icmpx type admin-prohibited");
    }

    void acceptPackets() {
        host.run("nft", "delete", "table", "inet", "fault");
    }

    private void filterPackets(final String verdict) {
        final Command.Result result =
                host.attemptWithInput(
                        """
                        table inet fault {
                            chain input {
                                type filter hook input priority -300
                                icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
                                iifname "eth0" %s
                            }
                        }
                        """
                                .formatted(verdict),
                        List.of("nft", "-f", "-"));
        if (result.exitCode() != 0) {
            throw new IllegalStateException(result.output());
        }
    }

    void unplug() {
        site.zwitch().ip("link set %s-eth0 down%n".formatted(name()));
    }

    void plugIn() {
        site.zwitch().ip("link set %s-eth0 up%n".formatted(name()));
    }

    // -- what they answer -------------------------------------------------------------------------

    void answerWrongly() {
        serve("return 503", "503 Service Unavailable", "");
        reload();
        redis("acl", "setuser", "default", "-ping");
        redis("set", "lag", "97");
    }

    /** But for SIP and DNS. */
    void answerSlowly() {
        serve("rewrite ^ /slow last", "200 OK", "192.0.2.1 health.example.com");
        redis("client", "pause", "600000", "all");
    }

    void answerWell() {
        serve("return 200 'status: ok'", "200 OK", "192.0.2.1 health.example.com");
        reload();
        end(redis); // it hears no 'unpause' while it is paused
        startRedis();
    }

    /**
     * Sets what is answered.
     *
     * @param health the directive of nginx for {@code /health}.
     * @param sip the status.
     * @param names that dnsmasq knows, as in {@code /etc/hosts}.
     */
    private void serve(final String health, final String sip, final String names) {
        try {
            Files.writeString(web.directory().resolve("hosts"), names + "\n");
            Files.writeString(
                    streamFile(),
                    """
                    load_module %1$s;
                    daemon off;
                    user root;
                    worker_processes 1;
                    pid %2$s/stream.pid;
                    events { }
                    stream {
                        server { listen %3$d udp; return "SIP/2.0 %4$s from %5$s\\n"; }
                    }
                    """
                            .formatted(STREAM_MODULE, web.directory(), SIP, sip, name()));
        } catch (final IOException ex) {
            throw new UncheckedIOException(ex);
        }

        web.configure(
                """
                log_format timed '$msec $status $http_user_agent';
                server {
                    access_log %s timed;
                    listen %d;
                    listen %d ssl;
                    ssl_certificate %s;
                    ssl_certificate_key %s;
                    add_header X-Backend %s;
                    location = / { return 200 "hello"; }
                    location = /health { %s; }
                    location = /slow { alias %s; limit_rate 1k; }
                }
                """
                        .formatted(
                                log(),
                                HTTP,
                                HTTPS,
                                certificate.chain(),
                                certificate.key(),
                                name(),
                                health,
                                web.bigFile()));
    }

    /** What nginx answered, a line each: the second, the status and the User-Agent. */
    Path log() {
        return web.directory().resolve("timed.log");
    }

    private Path streamFile() {
        return web.directory().resolve("stream.conf");
    }

    private void reload() {
        Command.run(
                List.of(
                        "kill",
                        "-HUP",
                        String.valueOf(stream.pid()),
                        String.valueOf(dnsmasq.pid())));
    }

    private void redis(final String... command) {
        final List<String> all = new ArrayList<>(List.of("redis-cli", "-e"));
        all.addAll(List.of(command));
        host.run(all.toArray(String[]::new));
    }
}
