package io.naru.dataplane;

import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * Gives out small numbers for things that have a lasting identity. Immutable: changing it makes
 * another one, so that a change that is refused later leaves no trace.
 *
 * @param <K> the identity.
 */
final class IdRegistry<K> {
    private final int limit;
    private final String noun;
    private final Map<K, Integer> idByKey;
    private final BitSet used;

    /**
     * @param limit ids are below this.
     * @param noun what they stand for, in the plural, for texts.
     */
    IdRegistry(final int limit, final String noun) {
        this(limit, noun, new HashMap<>(), new BitSet());
    }

    private IdRegistry(
            final int limit, final String noun, final Map<K, Integer> idByKey, final BitSet used) {
        this.limit = limit;
        this.noun = noun;
        this.idByKey = idByKey;
        this.used = used;
    }

    /**
     * Gives an id to each key that has none; keys that are not among {@code keys} keep theirs.
     *
     * @throws IllegalArgumentException if there are not so many.
     */
    IdRegistry<K> with(final Collection<K> keys) {
        final Map<K, Integer> nextIdByKey = new HashMap<>(idByKey);
        final BitSet nextUsed = (BitSet) used.clone();
        for (final K key : keys) {
            if (!nextIdByKey.containsKey(key)) {
                final int id = nextUsed.nextClearBit(0);
                if (id >= limit) {
                    throw new IllegalArgumentException(
                            ("no id is left for %s: at most %d %s are possible, with those that are"
                                            + " no longer configured but still have flows")
                                    .formatted(key, limit, noun));
                }
                nextIdByKey.put(key, id);
                nextUsed.set(id);
            }
        }

        return new IdRegistry<>(limit, noun, nextIdByKey, nextUsed);
    }

    /** Forgets keys, but does not give their ids out again before they are {@link #free}. */
    IdRegistry<K> without(final Collection<K> keys) {
        final Map<K, Integer> nextIdByKey = new HashMap<>(idByKey);
        nextIdByKey.keySet().removeAll(keys);
        return new IdRegistry<>(limit, noun, nextIdByKey, used);
    }

    /** Allows an id of a key that was forgotten to be given out again. */
    IdRegistry<K> free(final int id) {
        assert !idByKey.containsValue(id);
        final BitSet nextUsed = (BitSet) used.clone();
        nextUsed.clear(id);
        return new IdRegistry<>(limit, noun, idByKey, nextUsed);
    }

    /** The id of a key, which must have one. */
    int id(final K key) {
        return idByKey.get(key);
    }

    boolean contains(final K key) {
        return idByKey.containsKey(key);
    }
}
