package io.naru.controlplane.config;

import java.util.List;

/** The reference page of the configuration file, docs/config.md. */
public final class ConfigReference {
    private static final String HEAD =
            """
            # Configuration file

            Generated from the descriptors that the reader itself works with (`ConfigKeys`):
            `./naru export reference > docs/config.md`. A test fails when this page is out of date.

            One YAML 1.2 file (JSON is YAML) says what is balanced. It is taken whole or refused whole:
            `naru validate FILE` shows everything that is wrong with it at once, with line and column, and
            needs neither a daemon nor root. `naru diff FILE` shows what it would change, `naru apply FILE`
            changes it. `naru schema` prints the JSON schema for editors.

            The smallest useful file, `config/minimal.yaml`:

            ```yaml
            interfaces: [eth0, eth1]

            services:
              - name: web
                vip: 192.0.2.10
                port: 80
                backends: [10.2.0.1:8080, 10.2.0.2:8080]
            ```

            `config/routed-nat.yaml` and `config/one-arm-dsr-l2.yaml` show everything else.

            - **Names are identity.** A service, pool or backend with another name is another one: the old one is
              removed with its flows, the new one starts without any. Order means nothing.
            - **Units are needed.** Durations are `500ms`, `2s`, `1m30s`, `4h` or `30d`. Numbers of things may end
              in `k` (1024), `M` (1024²) or `G`.
            - **What an operator sets by hand** (`naru drain`, `naru set`) is kept apart from the file and wins over
              it until `naru unset`.
            - **Restart**: a change of a key so marked takes effect when the data plane is started again; `naru diff`
              says so. All else takes effect at once and loses no flow.

            ## What is refused

            - Unknown keys, keys given twice, names given twice, values of another type or out of range, keys
              without a value.
            - Two services that share a port of one VIP and protocol; services whose pool does not exist.
            - A backend that is itself a VIP, or the same server twice in one pool; a pool without a backend, or whose
              weights are all 0.
            - `nat` in topology `one-arm`: replies would reach the client past us, from an address it never called.
            - A backend's port where the port cannot be changed: mode `dsr-l2` (only MAC addresses are rewritten), and
              services with a range of ports or any port.
            - A check that has no port to go to, or a key that its type does not have, or whose timeout is longer
              than its interval.
            - A quorum that the weights cannot reach, a hysteresis as large as the quorum, a panic threshold beside
              a sorry server.
            - Files beyond 8 Mi characters, 32 levels or 100,000 mappings, aliases expanded.

            A pool that no service uses is a warning.
            """;

    private ConfigReference() {}

    /** The page in Markdown. */
    public static String markdown() {
        final StringBuilder page = new StringBuilder(HEAD);
        append(page, "Top level", ConfigKeys.ROOT);
        append(page, "interfaces[]", InterfaceKeys.INTERFACE);
        append(page, "services[]", ServiceKeys.SERVICE);
        append(page, "services[].timeouts", TimeoutKeys.TIMEOUTS);
        append(page, "services[].persistence", PersistenceKeys.PERSISTENCE);
        append(page, "services[].tunnel", TunnelKeys.TUNNEL);
        append(page, "pools[]", PoolKeys.POOL);
        append(page, "pools[].backends[], services[].backends[]", BackendKeys.BACKEND);
        append(page, "pools[].sorry-server", BackendKeys.SORRY_SERVER);
        append(page, "pools[].outliers", OutlierKeys.OUTLIERS);
        append(page, "pools[].agent", AgentKeys.AGENT);
        append(page, "pools[].check, services[].check", CheckKeys.CHECK);
        append(page, "dataplane", DataPlaneKeys.DATA_PLANE);
        return page.toString();
    }

    private static <R> void append(
            final StringBuilder page, final String title, final ObjectType<R> type) {
        page.append("\n## ").append(title).append("\n\n").append(type.doc()).append('\n');
        page.append("\n| key | value | default | example | restart | since |\n");
        page.append("| --- | --- | --- | --- | --- | --- |\n");
        final List<Key<R, ?>> keys = type.keys();
        for (final Key<R, ?> key : keys) {
            page.append("| `").append(key.name()).append("` | ");
            page.append(key.type().label()).append(" | ");
            page.append(defaultOf(key)).append(" | ");
            page.append(key.example() == null ? "" : '`' + key.example() + '`').append(" | ");
            page.append(key.needsRestart() ? "data plane" : "").append(" | ");
            page.append(key.since()).append(" |\n");
        }
        page.append('\n');
        for (final Key<R, ?> key : keys) {
            page.append("- `").append(key.name()).append("`: ").append(key.doc()).append('\n');
        }
    }

    private static String defaultOf(final Key<?, ?> key) {
        if (key.isRequired()) {
            return "**required**";
        }
        return key.defaultText() == null ? "" : key.defaultText();
    }
}
