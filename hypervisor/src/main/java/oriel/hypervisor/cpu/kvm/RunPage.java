package oriel.hypervisor.cpu.kvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/** What a processor shares with the kernel: {@code struct kvm_run}. */
final class RunPage {
    /** Why KVM_RUN returned. */
    static final int EXIT_IO = 2, EXIT_DEBUG = 4, EXIT_HLT = 5, EXIT_MMIO = 6, EXIT_WINDOW = 7, EXIT_SHUTDOWN = 8;

    static final int EXIT_FAIL_ENTRY = 9, EXIT_INTR = 10, EXIT_SET_TPR = 11, EXIT_INTERNAL_ERROR = 17;
    static final int EXIT_SYSTEM_EVENT = 24, EXIT_RDMSR = 29, EXIT_WRMSR = 30;

    private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final VarHandle BYTE = JAVA_BYTE.varHandle();

    private static final int REQUEST_WINDOW = 0, IMMEDIATE_EXIT = 1, EXIT_REASON = 8, READY = 12, IF_FLAG = 13;
    private static final int CR8 = 16, APIC_BASE = 24, UNION = 32;

    private final MemorySegment page;

    RunPage(MemorySegment page) {
        this.page = page;
    }

    void requestInterruptWindow(boolean on) {
        page.set(JAVA_BYTE, REQUEST_WINDOW, (byte) (on ? 1 : 0));
    }

    /** From any thread, in order with {@code volatile} fields. */
    void immediateExit(boolean on) {
        BYTE.setVolatile(page, (long) IMMEDIATE_EXIT, (byte) (on ? 1 : 0));
    }

    int exitReason() {
        return page.get(I32, EXIT_REASON);
    }

    boolean readyForInterrupt() {
        return page.get(JAVA_BYTE, READY) != 0;
    }

    boolean interruptFlag() {
        return page.get(JAVA_BYTE, IF_FLAG) != 0;
    }

    int cr8() {
        return (int) page.get(I64, CR8) & 0xF;
    }

    void cr8(int priorityClass) {
        page.set(I64, CR8, priorityClass);
    }

    long apicBase() {
        return page.get(I64, APIC_BASE);
    }

    // ---- EXIT_IO

    boolean ioOut() {
        return page.get(JAVA_BYTE, UNION) == 1;
    }

    int ioSize() {
        return page.get(JAVA_BYTE, UNION + 1);
    }

    int ioPort() {
        return page.get(I16, UNION + 2) & 0xFFFF;
    }

    int ioCount() {
        return page.get(I32, UNION + 4);
    }

    int ioData(int index) {
        long at = page.get(I64, UNION + 8) + (long) index * ioSize();
        return switch (ioSize()) {
            case 1 -> page.get(JAVA_BYTE, at) & 0xFF;
            case 2 -> page.get(I16, at) & 0xFFFF;
            default -> page.get(I32, at);
        };
    }

    void ioData(int index, int value) {
        long at = page.get(I64, UNION + 8) + (long) index * ioSize();
        switch (ioSize()) {
            case 1 -> page.set(JAVA_BYTE, at, (byte) value);
            case 2 -> page.set(I16, at, (short) value);
            default -> page.set(I32, at, value);
        }
    }

    // ---- EXIT_MMIO

    long mmioAddress() {
        return page.get(I64, UNION);
    }

    int mmioLength() {
        return page.get(I32, UNION + 16);
    }

    boolean mmioWrite() {
        return page.get(JAVA_BYTE, UNION + 20) != 0;
    }

    /** All eight bytes of data, of which {@link #mmioLength} count. */
    long mmioData() {
        return page.get(I64, UNION + 8);
    }

    void mmioData(long value) {
        page.set(I64, UNION + 8, value);
    }

    // ---- EXIT_RDMSR, EXIT_WRMSR

    int msrIndex() {
        return page.get(I32, UNION + 12);
    }

    long msrData() {
        return page.get(I64, UNION + 16);
    }

    void msrData(long value) {
        page.set(I64, UNION + 16, value);
    }

    /** Whether the access is to fault. */
    void msrError(boolean error) {
        page.set(JAVA_BYTE, UNION, (byte) (error ? 1 : 0));
    }

    // ---- EXIT_INTERNAL_ERROR, EXIT_FAIL_ENTRY

    int internalError() {
        return page.get(I32, UNION);
    }

    long hardwareReason() {
        return page.get(I64, UNION);
    }
}
