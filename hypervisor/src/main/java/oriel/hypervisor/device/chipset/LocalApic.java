package oriel.hypervisor.device.chipset;

import java.util.Arrays;
import oriel.hypervisor.bus.Device;
import oriel.hypervisor.bus.MachineClock;
import oriel.hypervisor.bus.Mmio;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.cpu.InterruptSource;

/**
 * A processor's local APIC in xAPIC mode (Intel SDM 3A chapter 11). Its timer counts {@value #TIMER_HZ} Hz before
 * division, which CPUID leaf 15H must give as the crystal clock.
 *
 * <p>The register window is mapped by {@link ApicBus}; it can't be moved: IA32_APIC_BASE keeps its address.
 */
public final class LocalApic implements Device, Mmio, InterruptSource {
    /** Input clock of the timer: one tick a nanosecond, like the TSC. */
    public static final long TIMER_HZ = MachineClock.TSC_HZ;

    /** Indexes into {@link #lvt}, in register order from 320H. */
    private static final int TIMER = 0, THERMAL = 1, PERFORMANCE = 2, LINT0 = 3, LINT1 = 4, ERROR = 5;

    private static final int MASKED = 1 << 16;
    private static final int ILLEGAL_SEND_VECTOR = 1 << 5, ILLEGAL_RECEIVED_VECTOR = 1 << 6, ILLEGAL_REGISTER = 1 << 7;
    /** Timer modes (Intel SDM 3A §11.5.4); 0 is one-shot. */
    private static final int PERIODIC = 1, TSC_DEADLINE = 2;

    private static final long BASE_ENABLE = 1 << 11, BASE_BOOT_PROCESSOR = 1 << 8;

    /** A guest can't make the machine's thread do nothing but expire timers: shorter periods are stretched to this. */
    private static final long SHORTEST_PERIOD_NANOS = 20_000;

    private final int processor;
    private final MachineClock clock;
    private final ApicBus bus;
    private final Pic8259 pic;
    private final ProcessorSignals signals;
    private final MachineClock.Timer timer;

    private final long[] irr = new long[4];
    private final long[] isr = new long[4];
    private final long[] tmr = new long[4];
    private final int[] lvt = new int[6];
    private long base;
    private int id;
    private int taskPriority;
    private int logicalDestination;
    private int destinationFormat;
    private int spurious;
    private int errorStatus;
    private int errorsSeen;
    private int icrLow;
    private int icrHigh;
    private int initialCount;
    private int divideConfiguration;
    private long countStart;
    private long tscDeadline;

    /** Cached: an IRR vector is above the processor priority. */
    private boolean deliverable;

    /**
     * A local APIC.
     *
     * @param processor its number, 0 for the boot processor, which is also its APIC id, 0–254
     * @param pic what sits behind LINT0 of the boot processor
     */
    public LocalApic(int processor, MachineClock clock, ApicBus bus, Pic8259 pic, ProcessorSignals signals) {
        if (processor < 0 || processor > 254) {
            throw new IllegalArgumentException("xAPIC ids are 0 to 254, got " + processor);
        }
        this.processor = processor;
        this.clock = clock;
        this.bus = bus;
        this.pic = pic;
        this.signals = signals;
        this.timer = clock.newTimer(name(), this::timerExpired);
        bus.add(this);
        reset();
    }

    @Override
    public String name() {
        return "lapic." + processor;
    }

    @Override
    public void reset() {
        base = ApicBus.LOCAL_APIC_BASE | BASE_ENABLE | (processor == 0 ? BASE_BOOT_PROCESSOR : 0);
        id = processor;
        initialise();
    }

    /** The state after INIT (SDM 3A §11.4.7.3): all but the id and the base register. */
    private void initialise() {
        Arrays.fill(irr, 0);
        Arrays.fill(isr, 0);
        Arrays.fill(tmr, 0);
        Arrays.fill(lvt, MASKED);
        if (processor == 0) {
            // Firmware leaves the boot processor in virtual wire mode (MP specification §3.6.2.2); we have none, so the
            // hardware does.
            lvt[LINT0] = ApicBus.EXT_INT << 8;
            lvt[LINT1] = ApicBus.NMI << 8;
        }
        taskPriority = 0;
        logicalDestination = 0;
        destinationFormat = 0xFFFF_FFFF;
        spurious = 0xFF;
        errorStatus = 0;
        errorsSeen = 0;
        icrLow = 0;
        icrHigh = 0;
        initialCount = 0;
        divideConfiguration = 0;
        countStart = 0;
        tscDeadline = 0;
        timer.cancel();
        update();
    }

    // ---- What the processor asks

    @Override
    public boolean interruptPending() {
        return deliverable || acceptsPic() && pic.pending();
    }

    @Override
    public int acknowledge() {
        if (deliverable) {
            int vector = highest(irr);
            clear(irr, vector);
            set(isr, vector);
            update();
            return vector;
        }
        if (acceptsPic() && pic.pending()) {
            return pic.acknowledge();
        }
        return spurious & 0xFF;
    }

    private boolean acceptsPic() {
        return processor == 0 && (!globallyEnabled() || (lvt[LINT0] & (MASKED | 0x700)) == ApicBus.EXT_INT << 8);
    }

    @Override
    public int taskPriority() {
        return taskPriority >> 4;
    }

    @Override
    public void setTaskPriority(int priorityClass) {
        taskPriority = (priorityClass & 0xF) << 4;
        update();
    }

    @Override
    public long apicBase() {
        return base;
    }

    @Override
    public void setApicBase(long value) {
        boolean was = globallyEnabled();
        base = base & ~BASE_ENABLE | value & BASE_ENABLE;
        if (was && !globallyEnabled()) {
            initialise();
        }
    }

    @Override
    public long tscDeadline() {
        return timerMode() == TSC_DEADLINE ? tscDeadline : 0;
    }

    @Override
    public void setTscDeadline(long tsc) {
        if (timerMode() == TSC_DEADLINE) {
            tscDeadline = tsc;
            armTimer();
        }
    }

    // ---- What comes in from the bus and the pins

    /** LINT1 of the processor: the board's NMI button. */
    public void lint1(boolean asserted) {
        if (asserted) {
            localInterrupt(LINT1);
        }
    }

    boolean globallyEnabled() {
        return (base & BASE_ENABLE) != 0;
    }

    boolean softwareEnabled() {
        return globallyEnabled() && (spurious & 0x100) != 0;
    }

    boolean accepts(int destination, boolean logical) {
        if (!globallyEnabled()) {
            return false;
        }
        if (destination == 0xFF) {
            return true;
        }
        if (!logical) {
            return destination == id;
        }
        int own = logicalDestination >>> 24;
        return switch (destinationFormat >>> 28) {
            case 0xF -> (own & destination) != 0; // flat
            case 0x0 -> own >> 4 == destination >> 4 && (own & destination & 0xF) != 0; // cluster
            default -> false;
        };
    }

    int processorPriority() {
        int served = highest(isr);
        int servedClass = served < 0 ? 0 : served & 0xF0;
        return (taskPriority & 0xF0) >= servedClass ? taskPriority : servedClass;
    }

    void receive(int mode, int vector, boolean level) {
        switch (mode) {
            case ApicBus.FIXED, ApicBus.LOWEST_PRIORITY -> {
                if (softwareEnabled()) {
                    accept(vector, level);
                }
            }
            case ApicBus.NMI -> signals.nmi();
            case ApicBus.INIT -> {
                initialise();
                signals.init();
            }
            case ApicBus.START_UP -> signals.startUp(vector);
            default -> {} // SMI: no system-management mode here; ExtINT comes by LINT0
        }
    }

    private void accept(int vector, boolean level) {
        if (vector < 16) {
            raiseError(ILLEGAL_RECEIVED_VECTOR);
            return;
        }
        set(irr, vector);
        if (level) {
            set(tmr, vector);
        } else {
            clear(tmr, vector);
        }
        update();
    }

    private void localInterrupt(int entry) {
        int value = lvt[entry];
        if ((value & MASKED) != 0) {
            return;
        }
        int mode = entry == TIMER || entry == ERROR ? ApicBus.FIXED : value >> 8 & 7;
        receive(mode, value & 0xFF, false);
    }

    private void raiseError(int bit) {
        boolean first = (errorsSeen & bit) == 0;
        errorsSeen |= bit;
        if (first && (lvt[ERROR] & MASKED) == 0 && (lvt[ERROR] & 0xFF) >= 16) {
            localInterrupt(ERROR);
        }
    }

    private void endOfInterrupt() {
        int vector = highest(isr);
        if (vector < 0) {
            return;
        }
        clear(isr, vector);
        boolean level = test(tmr, vector);
        update();
        if (level) {
            bus.endOfInterrupt(vector);
        }
    }

    private void update() {
        int vector = highest(irr);
        deliverable = vector >= 0 && (vector & 0xF0) > (processorPriority() & 0xF0) && softwareEnabled();
    }

    // ---- Timer

    private int timerMode() {
        return lvt[TIMER] >> 17 & 3;
    }

    private int divideShift() {
        int code = divideConfiguration & 3 | divideConfiguration >> 1 & 4;
        return code + 1 & 7;
    }

    private long periodNanos() {
        return (initialCount & 0xFFFF_FFFFL) << divideShift();
    }

    private int currentCount() {
        if (initialCount == 0 || timerMode() == TSC_DEADLINE) {
            return 0;
        }
        long elapsed = Math.max(0, clock.nanos() - countStart) >> divideShift();
        long count = initialCount & 0xFFFF_FFFFL;
        if (timerMode() == PERIODIC) {
            return (int) (count - elapsed % count);
        }
        return elapsed >= count ? 0 : (int) (count - elapsed);
    }

    /** Arms the host-side timer for the next interrupt, or none: a masked timer costs nothing. */
    private void armTimer() {
        if ((lvt[TIMER] & MASKED) != 0) {
            timer.cancel();
            return;
        }
        long now = clock.nanos();
        switch (timerMode()) {
            case TSC_DEADLINE -> {
                if (tscDeadline == 0) {
                    timer.cancel();
                } else {
                    // Unsigned TSC: a deadline with the top bit set is centuries away.
                    timer.armAt(tscDeadline < 0 ? Long.MAX_VALUE : Math.max(0, tscDeadline - signals.tscOffset()));
                }
            }
            case PERIODIC -> {
                long period = periodNanos();
                if (period == 0) {
                    timer.cancel();
                } else {
                    long next = countStart + (Math.max(0, now - countStart) / period + 1) * period;
                    timer.armAt(period >= SHORTEST_PERIOD_NANOS ? next : Math.max(next, now + SHORTEST_PERIOD_NANOS));
                }
            }
            default -> {
                long end = countStart + periodNanos();
                if (initialCount == 0 || end <= now) {
                    timer.cancel();
                } else {
                    timer.armAt(end);
                }
            }
        }
    }

    private void timerExpired() {
        switch (timerMode()) {
            case TSC_DEADLINE -> tscDeadline = 0;
            case PERIODIC -> armTimer();
            default -> {}
        }
        localInterrupt(TIMER);
    }

    // ---- Registers

    @Override
    public long readMmio(long offset, int size) {
        if (!globallyEnabled()) {
            return -1L;
        }
        int register = (int) (offset & 0xFF0);
        int shift = (int) (offset & 0xF) * 8;
        if (shift >= 32) {
            return 0; // only the first four bytes of each 16 exist (SDM 3A §11.4.1)
        }
        return (readRegister(register) & 0xFFFF_FFFFL) >>> shift;
    }

    private int readRegister(int register) {
        return switch (register) {
            case 0x020 -> id << 24;
            case 0x030 -> 0x0005_0014; // six LVT entries, version of an integrated APIC
            case 0x080 -> taskPriority;
            case 0x090 -> 0; // arbitration priority: not on xAPIC
            case 0x0A0 -> processorPriority();
            case 0x0B0, 0x0C0 -> 0; // EOI is write-only, remote read is gone
            case 0x0D0 -> logicalDestination;
            case 0x0E0 -> destinationFormat;
            case 0x0F0 -> spurious;
            case 0x100, 0x110, 0x120, 0x130, 0x140, 0x150, 0x160, 0x170 -> word(isr, register);
            case 0x180, 0x190, 0x1A0, 0x1B0, 0x1C0, 0x1D0, 0x1E0, 0x1F0 -> word(tmr, register);
            case 0x200, 0x210, 0x220, 0x230, 0x240, 0x250, 0x260, 0x270 -> word(irr, register);
            case 0x280 -> errorStatus;
            case 0x300 -> icrLow;
            case 0x310 -> icrHigh;
            case 0x320, 0x330, 0x340, 0x350, 0x360, 0x370 -> lvt[register - 0x320 >> 4];
            case 0x380 -> initialCount;
            case 0x390 -> currentCount();
            case 0x3E0 -> divideConfiguration;
            default -> {
                raiseError(ILLEGAL_REGISTER);
                yield 0;
            }
        };
    }

    private static int word(long[] bits, int register) {
        int index = register >> 4 & 7;
        return (int) (bits[index >> 1] >>> (32 * (index & 1)));
    }

    @Override
    public void writeMmio(long offset, int size, long value) {
        if (!globallyEnabled() || (offset & 0xF) != 0) {
            return;
        }
        writeRegister((int) (offset & 0xFF0), (int) value);
    }

    private void writeRegister(int register, int value) {
        switch (register) {
            case 0x020 -> id = value >>> 24;
            case 0x080 -> {
                taskPriority = value & 0xFF;
                update();
            }
            case 0x0B0 -> endOfInterrupt();
            case 0x0D0 -> logicalDestination = value & 0xFF00_0000;
            case 0x0E0 -> destinationFormat = value | 0x0FFF_FFFF;
            case 0x0F0 -> writeSpurious(value);
            case 0x280 -> {
                // A write latches what was seen since the last one (SDM 3A §11.5.3).
                errorStatus = errorsSeen;
                errorsSeen = 0;
            }
            case 0x300 -> {
                icrLow = value & 0x000C_CFFF; // delivery status reads as idle: delivery is immediate
                sendInterProcessor();
            }
            case 0x310 -> icrHigh = value & 0xFF00_0000;
            case 0x320, 0x330, 0x340, 0x350, 0x360, 0x370 -> writeLvt(register - 0x320 >> 4, value);
            case 0x380 -> {
                if (timerMode() != TSC_DEADLINE) {
                    initialCount = value;
                    countStart = clock.nanos();
                    armTimer();
                }
            }
            case 0x3E0 -> writeDivide(value & 0xB);
            case 0x030, 0x090, 0x0A0, 0x390 -> {} // read-only
            default -> raiseError(ILLEGAL_REGISTER);
        }
    }

    private void writeSpurious(int value) {
        spurious = value & 0x3FF;
        if ((spurious & 0x100) == 0) {
            // Software-disabled: all entries become and stay masked (SDM 3A §11.4.7.2).
            for (int i = 0; i < lvt.length; i++) {
                lvt[i] |= MASKED;
            }
            armTimer();
        }
        update();
    }

    private void writeLvt(int entry, int value) {
        int writable = switch (entry) {
            case TIMER -> 0x7_00FF;
            case ERROR -> 0x1_00FF;
            case THERMAL, PERFORMANCE -> 0x1_07FF;
            default -> 0x1_A7FF;
        };
        int before = timerMode();
        lvt[entry] = value & writable;
        if ((spurious & 0x100) == 0 && entry != LINT0) {
            lvt[entry] |= MASKED;
        }
        if (entry == TIMER) {
            if (before != timerMode() && (before == TSC_DEADLINE || timerMode() == TSC_DEADLINE)) {
                initialCount = 0; // changing to or from TSC-deadline mode disarms (SDM 3A §11.5.4.1)
                tscDeadline = 0;
            }
            armTimer();
        }
    }

    private void writeDivide(int value) {
        int remaining = currentCount();
        divideConfiguration = value;
        if (initialCount != 0) {
            // The count goes on from where it is, at the new pace.
            long done = (initialCount & 0xFFFF_FFFFL) - (remaining & 0xFFFF_FFFFL);
            countStart = clock.nanos() - (done << divideShift());
            armTimer();
        }
    }

    private void sendInterProcessor() {
        int vector = icrLow & 0xFF;
        int mode = icrLow >> 8 & 7;
        boolean logical = (icrLow & 0x800) != 0;
        boolean asserted = (icrLow & 0x4000) != 0;
        boolean level = (icrLow & 0x8000) != 0;
        if (mode == ApicBus.INIT && level && !asserted) {
            return; // INIT level de-assert: only the 82489DX cared
        }
        if (mode == ApicBus.FIXED && vector < 16) {
            raiseError(ILLEGAL_SEND_VECTOR);
            return;
        }
        switch (icrLow >> 18 & 3) {
            case 0 -> bus.send(icrHigh >>> 24, logical, mode, vector, false);
            case 1 -> receive(mode, vector, false);
            case 2 -> bus.sendToAll(mode, vector, false, this, true);
            default -> bus.sendToAll(mode, vector, false, this, false);
        }
    }

    // ---- 256-bit registers

    private static int highest(long[] bits) {
        for (int i = 3; i >= 0; i--) {
            if (bits[i] != 0) {
                return i * 64 + 63 - Long.numberOfLeadingZeros(bits[i]);
            }
        }
        return -1;
    }

    private static void set(long[] bits, int vector) {
        bits[vector >> 6] |= 1L << vector;
    }

    private static void clear(long[] bits, int vector) {
        bits[vector >> 6] &= ~(1L << vector);
    }

    private static boolean test(long[] bits, int vector) {
        return (bits[vector >> 6] & 1L << vector) != 0;
    }

    // ---- State

    @Override
    public void save(StateWriter out) {
        out.version(1).i64(base).u8(id).u8(taskPriority).i32(logicalDestination).i32(destinationFormat);
        out.i32(spurious).i32(errorStatus).i32(errorsSeen).i32(icrLow).i32(icrHigh);
        for (long[] bits : new long[][] {irr, isr, tmr}) {
            for (long word : bits) {
                out.i64(word);
            }
        }
        for (int entry : lvt) {
            out.i32(entry);
        }
        out.i32(initialCount).u8(divideConfiguration).i64(countStart).i64(tscDeadline);
    }

    @Override
    public void load(StateReader in) {
        in.version(1);
        base = in.i64();
        id = in.u8();
        taskPriority = in.u8();
        logicalDestination = in.i32();
        destinationFormat = in.i32();
        spurious = in.i32() & 0x3FF;
        errorStatus = in.i32();
        errorsSeen = in.i32();
        icrLow = in.i32();
        icrHigh = in.i32();
        for (long[] bits : new long[][] {irr, isr, tmr}) {
            for (int i = 0; i < bits.length; i++) {
                bits[i] = in.i64();
            }
        }
        for (int i = 0; i < lvt.length; i++) {
            lvt[i] = in.i32();
        }
        initialCount = in.i32();
        divideConfiguration = in.u8() & 0xB;
        countStart = in.i64();
        tscDeadline = in.i64();
        armTimer();
        update();
    }
}
