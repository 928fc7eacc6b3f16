package io.naru.dataplane.port.xdp;

import static io.naru.linux.xdp.FilterDescriptor.ADDRESSES_MAP;
import static io.naru.linux.xdp.FilterDescriptor.BACKENDS_MAP;
import static io.naru.linux.xdp.FilterDescriptor.COUNTERS_MAP;
import static io.naru.linux.xdp.FilterDescriptor.SERVICES_MAP;
import static io.naru.linux.xdp.FilterDescriptor.SETTINGS_MAP;
import static io.naru.linux.xdp.FilterDescriptor.SOCKETS_MAP;

import io.naru.dataplane.port.FilterRules;
import io.naru.dataplane.port.TrafficFilter;
import io.naru.linux.bpf.BpfMap;
import io.naru.linux.bpf.BpfObject;
import io.naru.linux.bpf.BpfProgram;
import io.naru.linux.xdp.FilterDescriptor;
import io.naru.linux.xdp.FilterVerdict;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Keeps the maps of the XDP programs in step with the rules: writes what is new, takes out what is
 * old, touches nothing else.
 *
 * <p>All interfaces share the maps, except for their own of sockets and settings. Used by one
 * thread.
 */
final class XdpTrafficFilter implements TrafficFilter, AutoCloseable {
    /** In the order of writing: a role must not say more than the other maps know. */
    private static final List<String> RULE_MAPS =
            List.of(SERVICES_MAP, BACKENDS_MAP, ADDRESSES_MAP);

    private final BpfObject object =
            BpfObject.ofResource(FilterDescriptor.class, FilterDescriptor.OBJECT);
    private final Map<String, BpfMap> maps = new LinkedHashMap<>();
    private final Map<String, Map<UnsafeBuffer, UnsafeBuffer>> written = new HashMap<>();
    private FilterRules letIn = FilterRules.NONE;

    XdpTrafficFilter() {
        try {
            for (final String name : RULE_MAPS) {
                maps.put(name, BpfMap.create(object.map(name)));
                written.put(name, new HashMap<>());
            }

            maps.put(COUNTERS_MAP, BpfMap.create(object.map(COUNTERS_MAP)));
        } catch (final RuntimeException e) {
            close();
            throw e;
        }
    }

    /** A map for the sockets of one interface. */
    BpfMap createSocketsMap(final int queues) {
        return BpfMap.create(object.map(SOCKETS_MAP).withMaxEntries(queues));
    }

    /**
     * A map for what one interface is.
     *
     * @param isBridge whether everything is let in, whatever the rules.
     * @param vlan whose frames alone are let in; 0 lets in frames with one tag or none.
     */
    BpfMap createSettingsMap(final boolean isBridge, final int vlan) {
        final BpfMap settings = BpfMap.create(object.map(SETTINGS_MAP));
        settings.put(FilterDescriptor.SETTING_BRIDGE, isBridge ? 1 : 0);
        settings.put(FilterDescriptor.SETTING_VLAN, vlan);
        return settings;
    }

    /** A program for one interface. */
    BpfProgram load(final BpfMap sockets, final BpfMap settings) {
        final Map<String, BpfMap> all = new HashMap<>(maps);
        all.put(SOCKETS_MAP, sockets);
        all.put(SETTINGS_MAP, settings);
        return BpfProgram.load(object, all);
    }

    @Override
    public void add(final FilterRules rules) {
        change(
                new FilterRules(
                        union(letIn.services(), rules.services()),
                        union(letIn.backends(), rules.backends()),
                        union(letIn.locals(), rules.locals())));
    }

    @Override
    public void retain(final FilterRules rules) {
        change(rules);
    }

    /** Frames that had this verdict so far, on all interfaces. */
    long count(final FilterVerdict verdict) {
        return maps.get(COUNTERS_MAP).sum(verdict.index());
    }

    @Override
    public void close() {
        maps.values().forEach(BpfMap::close);
    }

    private void change(final FilterRules rules) {
        final Map<String, Map<UnsafeBuffer, UnsafeBuffer>> wanted = FilterEntries.of(rules);
        for (final String name : RULE_MAPS) {
            write(name, wanted.get(name));
        }
        for (int i = RULE_MAPS.size() - 1; i >= 0; i--) {
            takeOut(RULE_MAPS.get(i), wanted.get(RULE_MAPS.get(i)));
        }

        letIn = rules;
    }

    private void write(final String name, final Map<UnsafeBuffer, UnsafeBuffer> wanted) {
        final Map<UnsafeBuffer, UnsafeBuffer> present = written.get(name);
        wanted.forEach(
                (key, value) -> {
                    if (!value.equals(present.get(key))) {
                        maps.get(name).put(key, value);
                        present.put(key, value);
                    }
                });
    }

    private void takeOut(final String name, final Map<UnsafeBuffer, UnsafeBuffer> wanted) {
        written.get(name)
                .keySet()
                .removeIf(
                        key -> {
                            final boolean unwanted = !wanted.containsKey(key);
                            if (unwanted) {
                                maps.get(name).remove(key);
                            }

                            return unwanted;
                        });
    }

    private static <T> Set<T> union(final Set<T> some, final Set<T> others) {
        final Set<T> union = new HashSet<>(some);
        union.addAll(others);
        return union;
    }
}
