package io.naru.controlplane.config;

import io.naru.dataplane.protocol.Limits;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The pools of a file while it is read, by name. */
final class PoolDrafts {
    private static final int MAX_SUGGESTED = 10;

    private final Map<String, PoolDraft> pools = new LinkedHashMap<>();

    /** Takes a pool of the list of pools. */
    void addNamed(final Section section) {
        add(section.get(PoolKeys.NAME), section, PoolDraft.Form.NAMED);
    }

    private void add(final String name, final Section section, final PoolDraft.Form form) {
        final PoolDraft pool = PoolDraft.of(name, section, form); // checks the nameless too
        if (name != null && pools.putIfAbsent(name, pool) != null) {
            section.error(form.nameKey(), "there is another pool '" + name + "'", null);
        }
    }

    /**
     * The name of the pool that a service names, or that its backends become; null if that was
     * refused.
     */
    String poolOf(final Section service) {
        final boolean isInline = service.has(ServiceKeys.BACKENDS);
        if (service.has(ServiceKeys.POOL) == isInline) {
            service.error(
                    ServiceKeys.POOL,
                    isInline
                            ? "give either 'pool' or 'backends'"
                            : "needs 'pool' (the name of one) or 'backends' (a list of them)",
                    isInline ? null : "backends: [10.2.0.1:8080, 10.2.0.2:8080]");
            return null;
        }
        if (!isInline) {
            return existing(service);
        }

        final String name = service.get(ServiceKeys.NAME);
        if (name != null) {
            add(name, service, PoolDraft.Form.INLINE);
        }

        return name;
    }

    private String existing(final Section service) {
        final String name = service.get(ServiceKeys.POOL);
        if (service.has(ServiceKeys.CHECK)) {
            service.error(
                    ServiceKeys.CHECK,
                    "the check belongs to the pool; here it is for a service with 'backends'",
                    null);
        }
        if (name != null && !pools.containsKey(name)) {
            final String hint = Suggestion.hint(name, pools.keySet());
            service.error(
                    ServiceKeys.POOL,
                    "there is no pool '" + name + "'",
                    hint != null || pools.isEmpty() ? hint : "pools: " + shorten(pools.keySet()));
            return null;
        }

        return name;
    }

    private static String shorten(final Set<String> names) {
        return String.join(", ", names.stream().limit(MAX_SUGGESTED).toList())
                + (names.size() > MAX_SUGGESTED ? ", …" : "");
    }

    /** Notes that a service uses its pool, if that is known. */
    void use(final Placed<ServiceConfig> service) {
        final String pool = service.config().pool();
        if (pool != null) {
            pools.get(pool).users().add(service);
        }
    }

    /** In the file's order, those of services after those of the list. */
    Collection<PoolDraft> all() {
        return pools.values();
    }

    PoolDraft named(final String name) {
        return pools.get(name);
    }

    /** All pools, once every service is known; reports at {@code root} if there are too many. */
    List<PoolConfig> assemble(final Section root) {
        final List<PoolConfig> configs = new ArrayList<>(pools.size());
        int backends = 0;
        for (final PoolDraft pool : pools.values()) {
            configs.add(PoolKeys.assemble(pool));
            backends += pool.backends().size();
        }
        if (backends > Limits.MAX_BACKENDS) {
            root.error(
                    ConfigKeys.POOLS,
                    "there are %s backends; at most %s are allowed"
                            .formatted(backends, Limits.MAX_BACKENDS),
                    null);
        }
        if (configs.size() > Limits.MAX_POOLS) {
            root.error(
                    ConfigKeys.POOLS,
                    "there are %s pools, with those of services that have 'backends'; at most %s are allowed"
                            .formatted(configs.size(), Limits.MAX_POOLS),
                    null);
        }

        return configs;
    }
}
