/**
 * BPF objects, programs, maps and links through {@code bpf(2)}, without libbpf.
 *
 * <p>For our own programs: one program an object, maps defined the plain way (no BTF), no
 * relocations but those to maps.
 */
package io.naru.linux.bpf;
