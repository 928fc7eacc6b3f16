package io.naru.controlplane.reconcile;

import io.naru.controlplane.config.BackendConfig;
import io.naru.controlplane.config.NaruConfig;
import io.naru.controlplane.config.PoolConfig;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Identifies a backend for as long as it is configured: {@code pool/backend}. */
public record BackendName(String pool, String backend) implements Comparable<BackendName> {
    private static final Comparator<BackendName> ORDER =
            Comparator.comparing(BackendName::pool).thenComparing(BackendName::backend);

    /** The backends of a configuration, in the file's order. */
    public static Stream<BackendName> of(final NaruConfig config) {
        return config.pools().stream().flatMap(BackendName::of);
    }

    /** The name that {@link #toString} writes. */
    static BackendName of(final String text) {
        final int slash = text.indexOf('/');
        return slash < 0
                ? new BackendName("", text)
                : new BackendName(text.substring(0, slash), text.substring(slash + 1));
    }

    private static Stream<BackendName> of(final PoolConfig pool) {
        return pool.backends().stream().map(b -> new BackendName(pool.name(), b.name()));
    }

    /** What the file says of it; null if it is not configured. */
    public BackendConfig in(final NaruConfig config) {
        return config.pool(pool).flatMap(p -> p.backend(backend)).orElse(null);
    }

    /**
     * The backends that an operator may mean by {@code text}: {@code pool/backend}, or the backend
     * alone, which may be several.
     */
    public static List<BackendName> matching(final NaruConfig config, final String text) {
        return of(config)
                .filter(name -> name.toString().equals(text) || name.backend.equals(text))
                .toList();
    }

    @Override
    public int compareTo(final BackendName other) {
        return ORDER.compare(this, other);
    }

    /** {@code pool/backend}. */
    @Override
    public String toString() {
        return pool + "/" + backend;
    }
}
