package oriel.hypervisor.firmware;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import oriel.hypervisor.memory.GuestMemory;

/** The loadable part of an x86 ELF executable (System V ABI, "Object Files"). Immutable. */
final class ElfImage {
    private static final int HEADER = 64, LOAD = 1, CLASS_32 = 1, CLASS_64 = 2, I386 = 3, X86_64 = 62;
    private static final int PROGRAM_HEADER_32 = 32, PROGRAM_HEADER_64 = 56;

    private final byte[] file;
    private final long entry;
    private final List<Segment> segments;

    private ElfImage(byte[] file, long entry, List<Segment> segments) {
        this.file = file;
        this.entry = entry;
        this.segments = segments;
    }

    /** File bytes {@code offset} to {@code offset + fileSize} go to {@code physical}; zeros follow to memorySize. */
    private record Segment(int offset, int fileSize, long physical, long memorySize) {}

    static boolean looksLikeOne(byte[] file) {
        return file.length > HEADER && file[0] == 0x7F && file[1] == 'E' && file[2] == 'L' && file[3] == 'F';
    }

    /**
     * Parses a file.
     *
     * @throws FirmwareException if it isn't a well-formed 64-bit x86 executable
     */
    static ElfImage parse(byte[] file, String name) {
        if (!looksLikeOne(file)) {
            throw damaged(name, "there is no ELF header");
        }
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        if (file[4] != CLASS_64 || in.getShort(18) != X86_64) {
            throw new FirmwareException(name + " is not a 64-bit x86 kernel: choose the amd64 kernel");
        }
        return parse(file, in, true, name);
    }

    /**
     * Parses a file of 32 or 64 bits.
     *
     * @throws FirmwareException if it isn't a well-formed x86 executable
     */
    static ElfImage parseAny(byte[] file, String name) {
        if (!looksLikeOne(file)) {
            throw damaged(name, "there is no ELF header");
        }
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int machine = in.getShort(18);
        if ((file[4] != CLASS_32 || machine != I386) && (file[4] != CLASS_64 || machine != X86_64)) {
            throw new FirmwareException(name + " is not an x86 kernel");
        }
        return parse(file, in, file[4] == CLASS_64, name);
    }

    private static ElfImage parse(byte[] file, ByteBuffer in, boolean wide, String name) {
        long entry = wide ? in.getLong(24) : in.getInt(24) & 0xFFFF_FFFFL;
        long table = wide ? in.getLong(32) : in.getInt(28) & 0xFFFF_FFFFL;
        int entrySize = in.getShort(wide ? 54 : 42) & 0xFFFF;
        int entries = in.getShort(wide ? 56 : 44) & 0xFFFF;
        int smallest = wide ? PROGRAM_HEADER_64 : PROGRAM_HEADER_32;
        if (entrySize < smallest || table < 0 || table > file.length - (long) entries * entrySize) {
            throw damaged(name, "its program headers lie outside the file");
        }
        List<Segment> segments = new ArrayList<>();
        for (int i = 0; i < entries; i++) {
            int at = (int) table + i * entrySize;
            if (in.getInt(at) == LOAD) {
                segments.add(segment(in, at, wide, name));
            }
        }
        if (segments.isEmpty()) {
            throw damaged(name, "it has nothing to load");
        }
        return new ElfImage(file, entry, List.copyOf(segments));
    }

    private static Segment segment(ByteBuffer in, int at, boolean wide, String name) {
        int fileLength = in.limit();
        long offset = wide ? in.getLong(at + 8) : in.getInt(at + 4) & 0xFFFF_FFFFL;
        long physical = wide ? in.getLong(at + 24) : in.getInt(at + 12) & 0xFFFF_FFFFL;
        long fileSize = wide ? in.getLong(at + 32) : in.getInt(at + 16) & 0xFFFF_FFFFL;
        long memorySize = wide ? in.getLong(at + 40) : in.getInt(at + 20) & 0xFFFF_FFFFL;
        boolean inside = offset >= 0 && fileSize >= 0 && fileSize <= fileLength && offset <= fileLength - fileSize;
        if (!inside || memorySize < fileSize || physical < 0 || physical > Long.MAX_VALUE - memorySize) {
            throw damaged(name, "a segment lies outside the file");
        }
        return new Segment((int) offset, (int) fileSize, physical, memorySize);
    }

    /** Physical address of the first instruction. */
    long entry() {
        return entry;
    }

    /** Copies all segments to their physical addresses. */
    void writeTo(GuestMemory memory) {
        for (Segment segment : segments) {
            memory.write(segment.physical, file, segment.offset, segment.fileSize);
            writeZeros(memory, segment.physical + segment.fileSize, segment.physical + segment.memorySize);
        }
    }

    /** Clears memory from {@code start} to before {@code end}. */
    static void writeZeros(GuestMemory memory, long start, long end) {
        byte[] zeros = new byte[0x10000];
        for (long at = start; at < end; at += zeros.length) {
            memory.write(at, zeros, 0, (int) Math.min(zeros.length, end - at));
        }
    }

    /** First physical address after everything that is loaded. */
    long end() {
        return segments.stream().mapToLong(s -> s.physical + s.memorySize).max().orElse(0);
    }

    /** First physical address that is loaded. */
    long start() {
        return segments.stream().mapToLong(Segment::physical).min().orElse(0);
    }

    private static FirmwareException damaged(String name, String why) {
        return new FirmwareException(
                "kernel %s is damaged: %s; reinstall the kernel package or build the golden image again"
                        .formatted(name, why));
    }
}
