package io.naru.controlplane.config;

import io.naru.dataplane.protocol.Protocol;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A pool while the file is read.
 *
 * @param section the pool's, or that of the service that has its backends.
 * @param backends the sorry server among them, the last one.
 * @param users the services that name it; they come after it.
 */
record PoolDraft(
        String name,
        Section section,
        Form form,
        List<Placed<BackendConfig>> backends,
        List<Placed<ServiceConfig>> users) {
    /** Where a file says what a pool is: the keys for it there. */
    record Form(
            Key<?, String> nameKey, Key<?, List<Section>> backendsKey, Key<?, Section> checkKey) {
        /** In the list of pools. */
        static final Form NAMED = new Form(PoolKeys.NAME, PoolKeys.BACKENDS, PoolKeys.CHECK);

        /** In the service that uses it. */
        static final Form INLINE =
                new Form(ServiceKeys.NAME, ServiceKeys.BACKENDS, ServiceKeys.CHECK);
    }

    static PoolDraft of(final String name, final Section section, final Form form) {
        return new PoolDraft(
                name,
                section,
                form,
                PoolKeys.backends(
                        section.get(form.backendsKey(), List.of()),
                        section.get(PoolKeys.SORRY_SERVER)),
                new ArrayList<>());
    }

    /** The backends without the sorry server. */
    Stream<BackendConfig> listed() {
        return backends.stream().map(Placed::config).filter(b -> b.role() != Role.SORRY);
    }

    boolean isUdpOnly() {
        return !users.isEmpty()
                && users.stream().allMatch(user -> user.config().protocol() == Protocol.UDP);
    }
}
