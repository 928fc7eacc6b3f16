package io.naru.linux.bpf;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A compiled BPF program, read from its ELF file: instructions, maps, and where the one names the
 * other.
 *
 * <p>Reads what clang makes of our own sources and refuses everything else by name:
 *
 * <pre>
 *   section      holds
 *   xdp          the program, one function
 *   .relxdp      for each load of a map's address: which instruction, which symbol
 *   maps         struct { u32 type, key_size, value_size, max_entries, flags } for each map
 *   license      a zero-terminated string
 *   .symtab      names of the program and the maps
 * </pre>
 *
 * <p>References: the ELF-64 object file format; {@code Documentation/bpf/llvm_reloc.rst}.
 */
public final class BpfObject {
    /** A place in the program where the address of a map belongs. */
    public record Relocation(int instruction, String map) {}

    /** Bytes of an instruction: sizeof(struct bpf_insn). */
    public static final int INSTRUCTION_LENGTH = 8;

    private static final String PROGRAM_SECTION = "xdp";
    private static final String MAPS_SECTION = "maps";
    private static final String LICENSE_SECTION = "license";
    private static final int MAP_DEFINITION_LENGTH = 20;

    // include/uapi/linux/elf.h
    private static final int ELF_MAGIC = 0x464c457f;
    private static final int ELF_CLASS_64_LITTLE_ENDIAN = 0x0102;
    private static final int ET_REL = 1;
    private static final int EM_BPF = 247;
    private static final int SHT_SYMTAB = 2;
    private static final int SHT_REL = 9;
    private static final int STT_FUNC = 2;
    private static final int HEADER_LENGTH = 64;
    private static final int SECTION_HEADER_LENGTH = 64;
    private static final int SYMBOL_LENGTH = 24;
    private static final int RELOCATION_LENGTH = 16;

    private static final int R_BPF_64_64 = 1;

    private record Section(String name, int type, int offset, int length, int link, int info) {}

    private record Symbol(String name, int type, int section, int value) {}

    private final ByteBuffer elf;
    private final List<Section> sections = new ArrayList<>();
    private final List<Symbol> symbols = new ArrayList<>();
    private final Map<String, BpfMapDefinition> maps = new LinkedHashMap<>();
    private final List<Relocation> relocations = new ArrayList<>();
    private final byte[] instructions;
    private final String programName;
    private final String license;

    private BpfObject(final byte[] file) {
        elf = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        readHeader();
        readSymbols();
        readMaps();
        readRelocations();
        instructions = bytesOf(section(PROGRAM_SECTION));
        require(
                instructions.length > 0 && instructions.length % INSTRUCTION_LENGTH == 0,
                "section xdp is not a row of instructions");
        programName = readProgramName();
        final String text =
                new String(bytesOf(section(LICENSE_SECTION)), StandardCharsets.US_ASCII);
        license = text.substring(0, text.indexOf('\0'));
    }

    /**
     * Reads the content of an object file.
     *
     * @throws IllegalArgumentException if it isn't a BPF object of the shape above.
     */
    public static BpfObject read(final byte[] file) {
        try {
            return new BpfObject(file);
        } catch (final IndexOutOfBoundsException | ArithmeticException e) {
            throw new IllegalArgumentException("not a BPF object: it is cut short", e);
        }
    }

    /** Reads an object that is a resource beside {@code neighbour}. */
    public static BpfObject ofResource(final Class<?> neighbour, final String name) {
        try (InputStream resource = neighbour.getResourceAsStream(name)) {
            if (resource == null) {
                throw new IllegalArgumentException("no resource " + name + " beside " + neighbour);
            }

            return read(resource.readAllBytes());
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The function's name. */
    public String programName() {
        return programName;
    }

    public String license() {
        return license;
    }

    /** The program's bytes, {@link #INSTRUCTION_LENGTH} an instruction; a copy. */
    public byte[] instructions() {
        return instructions.clone();
    }

    /** Where maps are named, in the order of the instructions. */
    public List<Relocation> relocations() {
        return List.copyOf(relocations);
    }

    /** The maps by name. */
    public Map<String, BpfMapDefinition> maps() {
        return Map.copyOf(maps);
    }

    /** The definition of one map. */
    public BpfMapDefinition map(final String name) {
        final BpfMapDefinition definition = maps.get(name);
        if (definition == null) {
            throw new IllegalArgumentException("no map " + name + " in " + maps.keySet());
        }

        return definition;
    }

    private void readHeader() {
        require(
                elf.capacity() >= HEADER_LENGTH
                        && elf.getInt(0) == ELF_MAGIC
                        && elf.getShort(4) == ELF_CLASS_64_LITTLE_ENDIAN,
                "it is no 64-bit little-endian ELF file");
        require(
                elf.getShort(16) == ET_REL && elf.getShort(18) == EM_BPF,
                "it is not made for BPF (clang -target bpfel)");

        final int headersOffset = Math.toIntExact(elf.getLong(40));
        final int count = elf.getShort(60);
        require(headersOffset + count * SECTION_HEADER_LENGTH <= elf.capacity(), "it is cut short");
        final int namesHeader = headersOffset + elf.getShort(62) * SECTION_HEADER_LENGTH;
        final int namesOffset = Math.toIntExact(elf.getLong(namesHeader + 24));
        for (int i = 0; i < count; i++) {
            final int header = headersOffset + i * SECTION_HEADER_LENGTH;
            sections.add(
                    new Section(
                            stringAt(namesOffset + elf.getInt(header)),
                            elf.getInt(header + 4),
                            Math.toIntExact(elf.getLong(header + 24)),
                            Math.toIntExact(elf.getLong(header + 32)),
                            elf.getInt(header + 40),
                            elf.getInt(header + 44)));
        }
    }

    private void readSymbols() {
        for (final Section table : sections) {
            if (table.type == SHT_SYMTAB) {
                final int namesOffset = sections.get(table.link).offset;
                for (int i = 0; i < table.length / SYMBOL_LENGTH; i++) {
                    final int symbol = table.offset + i * SYMBOL_LENGTH;
                    symbols.add(
                            new Symbol(
                                    stringAt(namesOffset + elf.getInt(symbol)),
                                    elf.get(symbol + 4) & 0xf,
                                    elf.getShort(symbol + 6),
                                    Math.toIntExact(elf.getLong(symbol + 8))));
                }
            }
        }
    }

    private void readMaps() {
        final Section section = section(MAPS_SECTION);
        final int index = sections.indexOf(section);
        for (final Symbol symbol : symbols) {
            if (symbol.section == index && !symbol.name.isEmpty()) {
                final int definition = section.offset + symbol.value;
                maps.put(
                        symbol.name,
                        new BpfMapDefinition(
                                symbol.name,
                                elf.getInt(definition),
                                elf.getInt(definition + 4),
                                elf.getInt(definition + 8),
                                elf.getInt(definition + 12),
                                elf.getInt(definition + 16)));
            }
        }

        require(
                maps.size() * MAP_DEFINITION_LENGTH == section.length,
                "section maps is not a row of map definitions");
    }

    private void readRelocations() {
        final int program = sections.indexOf(section(PROGRAM_SECTION));
        for (final Section table : sections) {
            if (table.type == SHT_REL && table.info == program) {
                for (int i = 0; i < table.length / RELOCATION_LENGTH; i++) {
                    final int relocation = table.offset + i * RELOCATION_LENGTH;
                    final Symbol symbol = symbols.get(elf.getInt(relocation + 12));
                    require(
                            elf.getInt(relocation + 8) == R_BPF_64_64
                                    && maps.containsKey(symbol.name),
                            "it refers to " + symbol.name + ", which is not a map");
                    relocations.add(
                            new Relocation(
                                    Math.toIntExact(elf.getLong(relocation)) / INSTRUCTION_LENGTH,
                                    symbol.name));
                }
            }
        }
    }

    private String readProgramName() {
        final int program = sections.indexOf(section(PROGRAM_SECTION));
        final List<String> functions =
                symbols.stream()
                        .filter(symbol -> symbol.section == program && symbol.type == STT_FUNC)
                        .map(Symbol::name)
                        .toList();
        require(functions.size() == 1, "section xdp holds not one function but " + functions);
        return functions.get(0);
    }

    private Section section(final String name) {
        for (final Section section : sections) {
            if (section.name.equals(name)) {
                return section;
            }
        }

        throw new IllegalArgumentException("not a BPF object: it has no section " + name);
    }

    private byte[] bytesOf(final Section section) {
        final byte[] bytes = new byte[section.length];
        elf.get(section.offset, bytes);
        return bytes;
    }

    private String stringAt(final int offset) {
        int end = offset;
        while (elf.get(end) != 0) {
            end++;
        }

        return new String(elf.array(), offset, end - offset, StandardCharsets.US_ASCII);
    }

    private static void require(final boolean condition, final String otherwise) {
        if (!condition) {
            throw new IllegalArgumentException("not a BPF object: " + otherwise);
        }
    }
}
