package io.naru.controlplane.health;

import java.time.Duration;
import java.util.List;

/**
 * What a check says to a backend and what it wants to hear: one record a kind. Plain data, as the
 * configuration file has it; texts are checked already.
 */
public sealed interface CheckSpec {
    /** The word of the configuration file: {@code tcp}. */
    String kind();

    /** Whether there is nothing to check without a port. */
    default boolean needsPort() {
        return true;
    }

    /** What is asked, for people: {@code http GET /health}. */
    default String words() {
        return kind();
    }

    /** ICMP echo. */
    record Ping() implements CheckSpec {
        @Override
        public String kind() {
            return "ping";
        }

        @Override
        public boolean needsPort() {
            return false;
        }
    }

    /**
     * A TCP connection, and what is said on it.
     *
     * @param send text with escapes, see {@link Octets}; empty sends nothing.
     * @param expect text with escapes that must be in the answer; empty wants none.
     * @param expectRegex that must find something in the answer; empty wants none.
     */
    record Tcp(String send, String expect, String expectRegex) implements CheckSpec {
        /** The connection alone. */
        public static final Tcp CONNECT = new Tcp("", "", "");

        @Override
        public String kind() {
            return "tcp";
        }

        /** Whether more is wanted than the connection. */
        public boolean isExchange() {
            return !equals(CONNECT);
        }
    }

    /**
     * A UDP datagram and its answer.
     *
     * @param send text with escapes; empty sends an empty datagram.
     * @param expect text with escapes that must be in the answer; empty takes any.
     * @param expectRegex that must find something in the answer; empty takes any.
     */
    record Udp(String send, String expect, String expectRegex) implements CheckSpec {
        @Override
        public String kind() {
            return "udp";
        }
    }

    /**
     * One HTTP/1.1 request.
     *
     * @param tls whether it is https.
     * @param host of the Host header; empty is the address that is asked.
     * @param headers further ones, {@code Name: value}.
     * @param status codes that pass, see {@link StatusSet}.
     * @param body text that must be in the body; empty wants none.
     * @param bodyRegex that must find something in the body; empty wants none.
     * @param maxBody bytes of the body that are looked at.
     * @param sni the server's name in the TLS handshake; empty is {@code host}.
     * @param verify whether the certificate must be valid, and for that name.
     * @param caFile of the authorities that are trusted, in PEM; empty are those of Java.
     * @param warnExpiry before a certificate ends this is told; zero never.
     */
    record Http(
            boolean tls,
            String method,
            String url,
            String host,
            List<String> headers,
            String status,
            String body,
            String bodyRegex,
            int maxBody,
            String sni,
            boolean verify,
            String caFile,
            Duration warnExpiry)
            implements CheckSpec {
        public Http {
            headers = List.copyOf(headers);
        }

        @Override
        public String kind() {
            return tls ? "https" : "http";
        }

        @Override
        public String words() {
            return kind() + " " + method + " " + (host.isEmpty() ? "" : host) + url;
        }

        /** Whether the body must be read. */
        public boolean wantsBody() {
            return !body.isEmpty() || !bodyRegex.isEmpty();
        }
    }

    /**
     * A DNS query by UDP.
     *
     * @param query the name asked for.
     * @param record the type of record, {@code A}.
     * @param rcode that passes, {@code NOERROR}.
     */
    record Dns(String query, String record, String rcode) implements CheckSpec {
        @Override
        public String kind() {
            return "dns";
        }

        @Override
        public String words() {
            return "dns " + query + " " + record;
        }
    }

    /**
     * A program of the operator's.
     *
     * @param command with its arguments; no shell is between.
     * @param user that it runs as.
     */
    record Script(List<String> command, String user) implements CheckSpec {
        public Script {
            command = List.copyOf(command);
        }

        @Override
        public String kind() {
            return "script";
        }

        @Override
        public boolean needsPort() {
            return false;
        }

        @Override
        public String words() {
            return "script " + command.get(0);
        }
    }
}
