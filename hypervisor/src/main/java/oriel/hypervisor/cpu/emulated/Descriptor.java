package oriel.hypervisor.cpu.emulated;

/** Fields of an 8-byte segment or system descriptor, held as a long (Intel SDM 3A §3.4.5, §3.5, §5.8.3). */
final class Descriptor {
    static final int TSS16_AVAILABLE = 1, LDT = 2, TSS16_BUSY = 3, CALL_GATE16 = 4, TASK_GATE = 5;
    static final int INTERRUPT_GATE16 = 6, TRAP_GATE16 = 7, TSS32_AVAILABLE = 9, TSS32_BUSY = 11, CALL_GATE32 = 12;
    static final int INTERRUPT_GATE32 = 14, TRAP_GATE32 = 15;

    private Descriptor() {}

    static long base(long raw) {
        return raw >>> 16 & 0xFF_FFFF | raw >>> 32 & 0xFF00_0000L;
    }

    /** Last valid offset, granularity applied. */
    static long limit(long raw) {
        long limit = raw & 0xFFFF | raw >>> 32 & 0xF_0000;
        return (raw >>> 55 & 1) == 0 ? limit : limit << 12 | 0xFFF;
    }

    /** In the layout of {@link oriel.hypervisor.cpu.SegmentState#access}. */
    static int access(long raw) {
        return (int) (raw >>> 40) & 0xF0FF;
    }

    static int type(long raw) {
        return (int) (raw >>> 40) & 15;
    }

    /** Code or data, not system. */
    static boolean isSegment(long raw) {
        return (raw >>> 44 & 1) != 0;
    }

    static boolean isCode(long raw) {
        return isSegment(raw) && (type(raw) & 8) != 0;
    }

    static boolean isWritableData(long raw) {
        return isSegment(raw) && (type(raw) & 10) == 2;
    }

    static boolean isReadable(long raw) {
        return isSegment(raw) && (type(raw) & 10) != 8;
    }

    static boolean isConforming(long raw) {
        return (type(raw) & 12) == 12;
    }

    static int dpl(long raw) {
        return (int) (raw >>> 45) & 3;
    }

    static boolean present(long raw) {
        return (raw >>> 47 & 1) != 0;
    }

    static boolean is64Bit(long raw) {
        return (raw >>> 53 & 1) != 0;
    }

    static boolean isBig(long raw) {
        return (raw >>> 54 & 1) != 0;
    }

    static int gateSelector(long raw) {
        return (int) (raw >>> 16) & 0xFFFF;
    }

    /** Offset of a 32-bit gate; 16-bit gates have the upper half zero or to be ignored. */
    static long gateOffset(long raw) {
        return raw & 0xFFFF | raw >>> 32 & 0xFFFF_0000L;
    }

    /** Parameters that a call gate copies. */
    static int gateParameters(long raw) {
        return (int) (raw >>> 32) & 31;
    }

    /** Interrupt stack table index of a 64-bit gate, 0 for none. */
    static int gateStackTable(long raw) {
        return (int) (raw >>> 32) & 7;
    }
}
