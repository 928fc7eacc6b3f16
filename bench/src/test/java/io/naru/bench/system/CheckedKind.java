package io.naru.bench.system;

import io.naru.bench.topology.Family;
import io.naru.bench.topology.Namespace;
import io.naru.bench.topology.Site;
import java.util.Locale;
import java.util.Map;

/** A kind of check, with a service of the {@link RealServers} that it is right for. */
enum CheckedKind {
    PING(7001, "tcp", RealServers.HTTP, "type: ping", "echo in "),
    PING_IPV6(7002, "tcp", 8080, "type: ping", "echo in "),
    TCP(7003, "tcp", RealServers.HTTP, "type: tcp", "connected in "),
    EXCHANGE(
            7004,
            "tcp",
            RealServers.REDIS,
            "type: tcp, send: 'PING\\r\\n', expect: '+PONG'",
            "answered '\\+PONG' in "),
    UDP(
            7005,
            "udp",
            RealServers.SIP,
            "type: udp, send: 'OPTIONS', expect-regex: '^SIP/2.0 [2-4]'",
            "answered /\\^SIP/2\\.0 \\[2-4\\]/ in "),
    DNS(
            7006,
            "udp",
            RealServers.DNS,
            "type: dns, query: health.example.com",
            "NOERROR with 1 record in "),
    HTTP(
            7007,
            "tcp",
            RealServers.HTTP,
            "type: http, url: /health, body: 'status: ok'",
            "HTTP 200 in "),
    HTTPS(
            7008,
            "tcp",
            RealServers.HTTPS,
            "type: https, url: /health, body: 'status: ok'",
            "HTTP 200 in "),
    SCRIPT(
            7009,
            "tcp",
            RealServers.REDIS,
            """
            type: script, command: [/bin/sh, -c, 'lag=$(redis-cli -h $NARU_ADDRESS -p $NARU_PORT get lag) || exit 1;
                    if [ ${lag:-0} -gt 10 ]; then echo "replication lag is $lag s"; exit 2; fi']"""
                    .stripTrailing(),
            "exit code 0 in ");

    private final int vipPort;
    private final String protocol;
    private final int port;
    private final String check;
    private final String passes;

    /**
     * @param vipPort of the service.
     * @param port of the servers.
     * @param check in a configuration.
     * @param passes an expression for what it says when it passes, up to the time that it took.
     */
    CheckedKind(
            final int vipPort,
            final String protocol,
            final int port,
            final String check,
            final String passes) {
        this.vipPort = vipPort;
        this.protocol = protocol;
        this.port = port;
        this.check = check;
        this.passes = passes;
    }

    /** An expression for what a check says that passes. */
    String passes() {
        return passes + HealthView.TIME;
    }

    /** The name of its pool, and of its service. */
    String pool() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private Family family() {
        return this == PING_IPV6 ? Family.IPV6 : Family.IPV4;
    }

    /** Its service in a configuration. */
    String service() {
        return service(pool(), vipPort);
    }

    /** A service of this kind, under a name that is its pool's too. */
    String service(final String name, final int port) {
        return "  - { name: %1$s, vip: \"%2$s\", port: %3$d, protocol: %4$s, pool: %1$s }%n"
                .formatted(name, Site.vip(family()), port, protocol);
    }

    /**
     * Its pool in a configuration.
     *
     * @param timing keys of the check that say when it is made.
     * @param servers by their numbers.
     */
    String pool(final String timing, final int... servers) {
        return pool(pool(), timing, servers);
    }

    /** A pool of this kind, under another name. */
    String pool(final String name, final String timing, final int... servers) {
        final StringBuilder yaml =
                new StringBuilder(
                        "  - name: %s%n    check: { %s, %s }%n    backends:%n"
                                .formatted(name, timing, check));
        for (final int server : servers) {
            yaml.append(
                    "      - { name: s%d, address: \"%s\", port: %d }%n"
                            .formatted(server, Site.serverAddress(family(), server), port));
        }

        return yaml.toString();
    }

    /** Asks its service: {@link RealClients#ask}. */
    Map<String, Integer> ask(final Namespace client, final int times) {
        return RealClients.ask(client, family(), port, vipPort, times);
    }
}
