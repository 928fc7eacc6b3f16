package io.naru.controlplane.health;

import io.naru.controlplane.health.way.Ways;
import io.netty.channel.EventLoop;
import java.util.function.Consumer;

/** Makes attempts of every kind, each by all the ways of its target; one event loop serves all. */
public final class Checks implements HealthCheck, AutoCloseable {
    private final TcpCheck tcp;
    private final UdpCheck udp;
    private final HttpCheck http;
    private final DnsCheck dns;
    private final PingCheck ping;
    private final ScriptCheck script;
    private final HealthCheck eachWay = new EachWay(this::attemptOne);

    /**
     * Checks that run on one event loop.
     *
     * @param eventLoop of netty's epoll transport.
     * @param ways to backends, of the same thread.
     */
    public Checks(final EventLoop eventLoop, final Ways ways) {
        final CheckSockets sockets = new CheckSockets(eventLoop, ways);
        tcp = new TcpCheck(sockets);
        udp = new UdpCheck(sockets);
        http = new HttpCheck(sockets);
        dns = new DnsCheck(sockets);
        ping = new PingCheck(eventLoop, ways);
        script = new ScriptCheck(eventLoop);
    }

    @Override
    public void attempt(final CheckTarget target, final Consumer<CheckResult> onResult) {
        if (target.spec() instanceof CheckSpec.Script) {
            script.attempt(target, onResult); // it finds its own way
        } else {
            eachWay.attempt(target, onResult);
        }
    }

    private void attemptOne(final CheckTarget target, final Consumer<CheckResult> onResult) {
        final CheckSpec spec = target.spec();
        if (spec instanceof CheckSpec.Tcp) {
            tcp.attempt(target, onResult);
        } else if (spec instanceof CheckSpec.Http) {
            http.attempt(target, onResult);
        } else if (spec instanceof CheckSpec.Udp) {
            udp.attempt(target, onResult);
        } else if (spec instanceof CheckSpec.Dns) {
            dns.attempt(target, onResult);
        } else {
            ping.attempt(target, onResult);
        }
    }

    /** Ends what is not closed with its attempt: sockets that many share, scripts that run. */
    @Override
    public void close() {
        ping.close();
        script.close();
    }
}
