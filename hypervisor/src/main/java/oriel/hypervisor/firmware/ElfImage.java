package oriel.hypervisor.firmware;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import oriel.hypervisor.memory.GuestMemory;

/** The loadable part of a 64-bit x86 ELF executable (System V ABI, "Object Files"). Immutable. */
final class ElfImage {
    private static final int HEADER = 64, PROGRAM_HEADER = 56, LOAD = 1, X86_64 = 62;

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
        if (file[4] != 2 || in.getShort(18) != X86_64) {
            throw new FirmwareException(name + " is not a 64-bit x86 kernel: choose the amd64 kernel");
        }
        long entry = in.getLong(24);
        long table = in.getLong(32);
        int entrySize = in.getShort(54) & 0xFFFF;
        int entries = in.getShort(56) & 0xFFFF;
        if (entrySize < PROGRAM_HEADER || table < 0 || table > file.length - (long) entries * entrySize) {
            throw damaged(name, "its program headers lie outside the file");
        }
        List<Segment> segments = new ArrayList<>();
        for (int i = 0; i < entries; i++) {
            int at = (int) table + i * entrySize;
            if (in.getInt(at) == LOAD) {
                segments.add(segment(in, at, file.length, name));
            }
        }
        if (segments.isEmpty()) {
            throw damaged(name, "it has nothing to load");
        }
        return new ElfImage(file, entry, List.copyOf(segments));
    }

    private static Segment segment(ByteBuffer in, int at, int fileLength, String name) {
        long offset = in.getLong(at + 8);
        long physical = in.getLong(at + 24);
        long fileSize = in.getLong(at + 32);
        long memorySize = in.getLong(at + 40);
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
        byte[] zeros = new byte[0x10000];
        for (Segment segment : segments) {
            memory.write(segment.physical, file, segment.offset, segment.fileSize);
            long at = segment.physical + segment.fileSize;
            long end = segment.physical + segment.memorySize;
            while (at < end) {
                int part = (int) Math.min(zeros.length, end - at);
                memory.write(at, zeros, 0, part);
                at += part;
            }
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
