package io.naru.dataplane;

import io.naru.dataplane.protocol.BackendInfo;
import io.naru.dataplane.protocol.Directory;
import io.naru.dataplane.protocol.IpAddress;
import io.naru.dataplane.protocol.ServiceInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;

/** Keeps the directory of the cnc file like the inventory; writes only what has changed. */
final class DirectoryWriter {
    private final Directory directory;
    private Map<Integer, ServiceInfo> services = new HashMap<>();
    private Map<Integer, BackendInfo> backends = new HashMap<>();
    private Map<IpAddress, List<Integer>> backendIdsByAddress = new HashMap<>();

    DirectoryWriter(final Directory directory) {
        this.directory = directory;
    }

    void write(final Inventory inventory, final ToLongFunction<IpAddress> hopOf) {
        final Map<Integer, ServiceInfo> nextServices = new HashMap<>();
        for (final ServiceInfo service : inventory.services()) {
            nextServices.put(service.id(), service);
            if (!service.equals(services.get(service.id()))) {
                directory.put(service);
            }
        }

        final Map<Integer, BackendInfo> nextBackends = new HashMap<>();
        backendIdsByAddress = new HashMap<>();
        for (final BackendInfo backend : inventory.backends()) {
            final IpAddress address = backend.spec().address();
            final BackendInfo info = with(backend, hopOf.applyAsLong(address));
            nextBackends.put(info.id(), info);
            backendIdsByAddress.computeIfAbsent(address, key -> new ArrayList<>()).add(info.id());
            if (!info.equals(backends.get(info.id()))) {
                directory.put(info);
            }
        }

        services.keySet().stream()
                .filter(id -> !nextServices.containsKey(id))
                .forEach(directory::freeService);
        backends.keySet().stream()
                .filter(id -> !nextBackends.containsKey(id))
                .forEach(directory::freeBackend);
        services = nextServices;
        backends = nextBackends;
    }

    /** The hop of an address has changed. */
    void hop(final IpAddress address, final long hop) {
        for (final int id : backendIdsByAddress.getOrDefault(address, List.of())) {
            final BackendInfo info = with(backends.get(id), hop);
            backends.put(id, info);
            directory.put(info);
        }
    }

    private static BackendInfo with(final BackendInfo backend, final long hop) {
        return new BackendInfo(backend.id(), backend.retired(), backend.spec(), hop);
    }
}
