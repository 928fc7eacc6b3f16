package io.naru.linux.bpf;

/**
 * What a BPF map is to be like, as an object file says.
 *
 * @param type BPF_MAP_TYPE_… of {@code include/uapi/linux/bpf.h}.
 * @param valueSize bytes of a value; of a per-CPU map, those of one CPU.
 * @param flags BPF_F_….
 */
public record BpfMapDefinition(
        String name, int type, int keySize, int valueSize, int maxEntries, int flags) {
    /** The same with room for another number of entries. */
    public BpfMapDefinition withMaxEntries(final int entries) {
        return new BpfMapDefinition(name, type, keySize, valueSize, entries, flags);
    }
}
