package io.naru.controlplane.config;

import io.naru.controlplane.json.Json;
import io.naru.controlplane.json.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/**
 * What a configuration changes in the one before it: by name, field by field, whatever the order in
 * the files.
 *
 * @param changes topology, interfaces and data plane first, then services, pools and backends.
 */
public record ConfigDiff(List<Change> changes) {
    public ConfigDiff {
        changes = List.copyOf(changes);
    }

    /** What happens to a thing. */
    public enum Kind {
        ADDED('+'),
        REMOVED('-'),
        CHANGED('~');

        private final char sign;

        Kind(final char sign) {
            this.sign = sign;
        }

        /** The first character of its line. */
        public char sign() {
            return sign;
        }
    }

    /** What kind of thing it happens to. */
    public enum Subject {
        TOPOLOGY,
        LOCAL_ADDRESSES,
        INTERFACE,
        DATAPLANE,
        SERVICE,
        POOL,
        BACKEND;

        public String label() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /**
     * A key with another value.
     *
     * @param key as in the file; {@code check.interval} for a key of a mapping.
     * @param before as the file would say it; null if it was not there.
     * @param after null if it is not there any more.
     * @param restart whether the data plane must be started again for it.
     */
    public record Field(String key, String before, String after, boolean restart) {}

    /**
     * One thing that is added, removed or changed.
     *
     * @param name its name; {@code pool/backend} for a backend, empty where there is only one.
     * @param fields all that it has, had, or those that differ.
     */
    public record Change(Kind kind, Subject subject, String name, List<Field> fields) {
        public Change {
            fields = List.copyOf(fields);
        }

        /** {@code service web}. */
        public String title() {
            return name.isEmpty() ? subject.label() : subject.label() + " " + name;
        }

        public boolean needsRestart() {
            return fields.stream().anyMatch(Field::restart);
        }
    }

    /** What {@code after} changes in {@code before}. */
    public static ConfigDiff between(final NaruConfig before, final NaruConfig after) {
        final List<Change> changes = new ArrayList<>();
        if (before.topology() != after.topology()) {
            final List<Field> fields = new ArrayList<>();
            compare(ConfigKeys.TOPOLOGY, before, after, "", fields);
            changes.add(new Change(Kind.CHANGED, Subject.TOPOLOGY, "", fields));
        }
        if (!before.localAddresses().equals(after.localAddresses())) {
            final List<Field> fields = new ArrayList<>();
            compare(ConfigKeys.LOCAL_ADDRESSES, before, after, "", fields);
            changes.add(new Change(Kind.CHANGED, Subject.LOCAL_ADDRESSES, "", fields));
        }
        compareAll(
                Subject.INTERFACE,
                InterfaceKeys.INTERFACE,
                byName(before.interfaces(), InterfaceConfig::name),
                byName(after.interfaces(), InterfaceConfig::name),
                changes);
        compareAll(
                Subject.DATAPLANE,
                DataPlaneKeys.DATA_PLANE,
                Map.of("", before.dataPlane()),
                Map.of("", after.dataPlane()),
                changes);
        compareAll(
                Subject.SERVICE,
                ServiceKeys.SERVICE,
                byName(before.services(), ServiceConfig::name),
                byName(after.services(), ServiceConfig::name),
                changes);
        compareAll(
                Subject.POOL,
                PoolKeys.POOL,
                byName(before.pools(), PoolConfig::name),
                byName(after.pools(), PoolConfig::name),
                changes);
        compareAll(
                Subject.BACKEND, BackendKeys.BACKEND, backends(before), backends(after), changes);

        return new ConfigDiff(changes);
    }

    public boolean isEmpty() {
        return changes.isEmpty();
    }

    /** Whether a part of it takes effect only when the data plane is started again. */
    public boolean needsRestart() {
        return changes.stream().anyMatch(Change::needsRestart);
    }

    /** How many things are added, removed or changed. */
    public long count(final Kind kind) {
        return changes.stream().filter(change -> change.kind == kind).count();
    }

    /** The difference for the API and {@code -o json}; {@link #fromJson} reads it. */
    public JsonObject toJson() {
        final List<JsonObject> list = new ArrayList<>();
        for (final Change change : changes) {
            final List<JsonObject> fields = new ArrayList<>();
            for (final Field field : change.fields) {
                fields.add(
                        new JsonObject()
                                .put("key", field.key)
                                .put("before", field.before)
                                .put("after", field.after)
                                .put("restart", field.restart));
            }
            list.add(
                    new JsonObject()
                            .put("change", change.kind.name().toLowerCase(Locale.ROOT))
                            .put("subject", change.subject.label())
                            .put("name", change.name)
                            .put("fields", fields));
        }

        return new JsonObject()
                .put("added", count(Kind.ADDED))
                .put("removed", count(Kind.REMOVED))
                .put("changed", count(Kind.CHANGED))
                .put("needsRestart", needsRestart())
                .put("changes", list);
    }

    /**
     * Reads what {@link #toJson} wrote.
     *
     * @throws io.naru.controlplane.json.JsonException if it is something else.
     * @throws IllegalArgumentException if it has an unknown word.
     */
    public static ConfigDiff fromJson(final JsonObject json) {
        final List<Change> changes = new ArrayList<>();
        for (final JsonObject change : json.objects("changes")) {
            final List<Field> fields = new ArrayList<>();
            for (final JsonObject field : change.objects("fields")) {
                fields.add(
                        new Field(
                                field.string("key"),
                                field.string("before"),
                                field.string("after"),
                                field.flag("restart")));
            }
            changes.add(
                    new Change(
                            Kind.valueOf(change.string("change", "").toUpperCase(Locale.ROOT)),
                            Subject.valueOf(
                                    change.string("subject", "")
                                            .toUpperCase(Locale.ROOT)
                                            .replace('-', '_')),
                            change.string("name", ""),
                            fields));
        }

        return new ConfigDiff(changes);
    }

    private static <R> Map<String, R> byName(
            final List<R> records, final Function<R, String> name) {
        final Map<String, R> map = new LinkedHashMap<>();
        records.forEach(each -> map.put(name.apply(each), each));
        return map;
    }

    private static Map<String, BackendConfig> backends(final NaruConfig config) {
        final Map<String, BackendConfig> map = new LinkedHashMap<>();
        for (final PoolConfig pool : config.pools()) {
            pool.listed().forEach(each -> map.put(pool.name() + "/" + each.name(), each));
        }
        return map;
    }

    private static <R> void compareAll(
            final Subject subject,
            final ObjectType<R> type,
            final Map<String, R> before,
            final Map<String, R> after,
            final List<Change> changes) {
        before.forEach(
                (name, old) -> {
                    final R now = after.get(name);
                    if (!old.equals(now)) {
                        final Kind kind = now == null ? Kind.REMOVED : Kind.CHANGED;
                        add(kind, subject, name, fields(type, old, now, ""), changes);
                    }
                });
        after.forEach(
                (name, now) -> {
                    if (!before.containsKey(name)) {
                        add(Kind.ADDED, subject, name, fields(type, null, now, ""), changes);
                    }
                });
    }

    /** A pool whose backends are all that changes is not itself a change. */
    private static void add(
            final Kind kind,
            final Subject subject,
            final String name,
            final List<Field> fields,
            final List<Change> changes) {
        if (kind != Kind.CHANGED || !fields.isEmpty()) {
            changes.add(new Change(kind, subject, name, fields));
        }
    }

    /** Either record may be null: then all that the other one has. */
    private static <R> List<Field> fields(
            final ObjectType<R> type, final R before, final R after, final String prefix) {
        final List<Field> fields = new ArrayList<>();
        for (final Key<R, ?> key : type.keys()) {
            compare(key, before, after, prefix, fields);
        }
        return fields;
    }

    @SuppressWarnings("unchecked") // keys bind their type to the component they read
    private static <R> void compare(
            final Key<R, ?> key,
            final R before,
            final R after,
            final String prefix,
            final List<Field> fields) {
        if (!key.isComponent() || isCompared(key)) {
            return;
        }
        final Object old = before == null ? null : key.valueIn(before);
        final Object now = after == null ? null : key.valueIn(after);
        if (Objects.equals(old, now)) {
            return;
        }
        if (key.type() instanceof ObjectType<?> nested) {
            fields.addAll(fields((ObjectType<Object>) nested, old, now, key.name() + "."));
        } else {
            fields.add(
                    new Field(
                            prefix + key.name(),
                            text(key, old),
                            text(key, now),
                            key.needsRestart()));
        }
    }

    /** Names are the keys of the comparison, and named things are compared one by one. */
    private static boolean isCompared(final Key<?, ?> key) {
        return key.name().equals("name")
                || (key.type() instanceof ListType<?> list && list.element() instanceof ObjectType);
    }

    private static String text(final Key<?, ?> key, final Object value) {
        if (value == null) {
            return null;
        }
        final Object written = key.type().write(value);
        return written instanceof List ? Json.format(written) : written.toString();
    }
}
