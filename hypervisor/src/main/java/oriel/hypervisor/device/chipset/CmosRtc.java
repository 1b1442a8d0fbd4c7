package oriel.hypervisor.device.chipset;

import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import oriel.hypervisor.bus.Device;
import oriel.hypervisor.bus.InterruptLine;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.MachineClock;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/**
 * The MC146818 real-time clock with its battery-backed memory (ports 70H, 71H, interrupt 8). The time is UTC and follows
 * the machine's wall clock, plus what the guest set it off by. Nothing ticks unless an interrupt is enabled.
 */
public final class CmosRtc implements Device, BytePorts {
    /** Where the century is, as the FADT says. */
    public static final int CENTURY = 0x32;

    private static final int SECONDS = 0, SECONDS_ALARM = 1, MINUTES = 2, MINUTES_ALARM = 3, HOURS = 4, HOURS_ALARM = 5;
    private static final int DAY_OF_WEEK = 6, DAY = 7, MONTH = 8, YEAR = 9;
    private static final int A = 10, B = 11, C = 12, D = 13;

    private static final int UPDATE_IN_PROGRESS = 0x80;
    private static final int SET = 0x80, PERIODIC = 0x40, ALARM = 0x20, UPDATE_ENDED = 0x10, BINARY = 4, HOURS_24 = 2;
    private static final int INTERRUPT = 0x80;

    private static final long SECOND = 1_000_000_000L;

    /** UIP rises this long before the update (data sheet: t BUC, 244 µs). */
    private static final long UPDATE_NOTICE_NANOS = 244_000;

    /** A periodic interrupt faster than this (8192 Hz is what the chip can do) is not worth the host's time. */
    private static final long SHORTEST_PERIOD_NANOS = 100_000;

    private final MachineClock clock;
    private final InterruptLine irq8;
    private final MachineClock.Timer periodicTimer;
    private final MachineClock.Timer secondTimer;
    private final long ramSize;
    private final byte[] memory = new byte[128];
    private int index;

    /** Guest time minus wall time. */
    private long offsetNanos;

    /** While SET is 1: the time stands still in the registers. */
    private boolean frozen;

    /** Wall seconds at which UF was last cleared: the flag is computed, not ticked. */
    private long updateSeen;

    private long periodSeen;

    /**
     * A clock.
     *
     * @param ramSize guest RAM in bytes, for the memory-size bytes that firmware reads
     */
    public CmosRtc(MachineClock clock, InterruptLine irq8, long ramSize) {
        this.clock = clock;
        this.irq8 = irq8;
        this.ramSize = ramSize;
        this.periodicTimer = clock.newTimer("rtc-periodic", this::periodicExpired);
        this.secondTimer = clock.newTimer("rtc-second", this::secondExpired);
        memory[A] = 0x26; // 32,768 Hz time base, 1024 Hz periodic rate
        memory[B] = HOURS_24;
        memory[D] = (byte) 0x80; // battery good
        writeMemorySizes();
        reset();
    }

    /** Connects the registers. */
    public void attach(IoBus bus) {
        bus.addPorts(0x70, 2, this);
    }

    @Override
    public String name() {
        return "rtc";
    }

    /** {@inheritDoc} The battery keeps time and memory; only interrupts are switched off. */
    @Override
    public void reset() {
        memory[B] &= ~(PERIODIC | ALARM | UPDATE_ENDED);
        memory[C] = 0;
        index = 0;
        updateSeen = guestSecond();
        periodSeen = clock.nanos();
        irq8.set(false);
        armTimers();
    }

    /** The bytes by which PC firmware learns how much memory there is (as in QEMU and Bochs). */
    private void writeMemorySizes() {
        long kib = ramSize >> 10;
        put16(0x15, 640);
        put16(0x17, Math.min(kib - 1024, 0xFFFF));
        put16(0x30, Math.min(kib - 1024, 0xFFFF));
        long below4G = Math.min(ramSize, oriel.hypervisor.memory.GuestMemory.LOW_LIMIT);
        put16(0x34, Math.min(Math.max(0, below4G - (16L << 20)) >> 16, 0xFFFF));
        long above4G = ramSize - below4G >> 16;
        put16(0x5B, above4G & 0xFFFF);
        memory[0x5D] = (byte) (above4G >> 16);
        memory[0x14] = 0x06; // equipment: FPU and PS/2 mouse
    }

    private void put16(int at, long value) {
        memory[at] = (byte) value;
        memory[at + 1] = (byte) (value >> 8);
    }

    @Override
    public int readByte(int port) {
        if (port != 0x71) {
            return 0xFF; // 70H is write-only
        }
        return switch (index) {
            case SECONDS, MINUTES, HOURS, DAY_OF_WEEK, DAY, MONTH, YEAR, CENTURY -> timeByte(index);
            case A -> memory[A] & 0x7F | (updateInProgress() ? UPDATE_IN_PROGRESS : 0);
            case C -> {
                refreshFlags();
                int value = memory[C] & 0xF0;
                memory[C] = 0;
                irq8.set(false);
                yield value;
            }
            default -> memory[index] & 0xFF;
        };
    }

    @Override
    public void writeByte(int port, int value) {
        if (port == 0x70) {
            index = value & 0x7F; // bit 7 would mask NMI
        } else if (port == 0x71) {
            writeRegister(value);
        }
    }

    private void writeRegister(int value) {
        switch (index) {
            case SECONDS, MINUTES, HOURS, DAY_OF_WEEK, DAY, MONTH, YEAR, CENTURY -> {
                if (frozen) {
                    memory[index] = (byte) value;
                } else {
                    copyTimeToRegisters();
                    memory[index] = (byte) value;
                    adoptRegisters();
                }
            }
            case A -> {
                memory[A] = (byte) (value & 0x7F);
                periodSeen = clock.nanos();
                armTimers();
            }
            case B -> writeB(value);
            case C, D -> {}
            default -> memory[index] = (byte) value;
        }
    }

    private void writeB(int value) {
        refreshFlags();
        boolean freeze = (value & SET) != 0;
        if (freeze && !frozen) {
            copyTimeToRegisters();
            value &= ~UPDATE_ENDED; // the chip clears UIE when SET goes to 1
        }
        boolean thaw = frozen && !freeze;
        frozen = freeze;
        memory[B] = (byte) value;
        if (thaw) {
            adoptRegisters();
        }
        updateInterrupt();
        armTimers();
    }

    // ---- Time

    private long guestNanos() {
        return clock.wallNanos() + offsetNanos;
    }

    private long guestSecond() {
        return Math.floorDiv(guestNanos(), SECOND);
    }

    private boolean updateInProgress() {
        return !frozen && SECOND - Math.floorMod(guestNanos(), SECOND) <= UPDATE_NOTICE_NANOS;
    }

    private int timeByte(int register) {
        if (frozen) {
            return memory[register] & 0xFF;
        }
        LocalDateTime time = LocalDateTime.ofEpochSecond(guestSecond(), 0, ZoneOffset.UTC);
        return encode(
                register,
                switch (register) {
                    case SECONDS -> time.getSecond();
                    case MINUTES -> time.getMinute();
                    case HOURS -> time.getHour();
                    case DAY_OF_WEEK -> time.getDayOfWeek().getValue() % 7 + 1;
                    case DAY -> time.getDayOfMonth();
                    case MONTH -> time.getMonthValue();
                    case YEAR -> Math.floorMod(time.getYear(), 100);
                    default -> time.getYear() / 100;
                });
    }

    private int encode(int register, int value) {
        if (register == HOURS && (memory[B] & HOURS_24) == 0) {
            int hour = value % 12 == 0 ? 12 : value % 12;
            return (value >= 12 ? 0x80 : 0) | number(hour);
        }
        return number(value);
    }

    private int number(int value) {
        return (memory[B] & BINARY) != 0 ? value : value / 10 << 4 | value % 10;
    }

    private int decode(int register) {
        int raw = memory[register] & 0xFF;
        if (register == HOURS && (memory[B] & HOURS_24) == 0) {
            int hour = plain(raw & 0x7F) % 12;
            return (raw & 0x80) != 0 ? hour + 12 : hour;
        }
        return plain(raw);
    }

    private int plain(int raw) {
        return (memory[B] & BINARY) != 0 ? raw : (raw >> 4) * 10 + (raw & 15);
    }

    private void copyTimeToRegisters() {
        for (int register : new int[] {SECONDS, MINUTES, HOURS, DAY_OF_WEEK, DAY, MONTH, YEAR, CENTURY}) {
            memory[register] = (byte) timeByte(register);
        }
    }

    /** Makes the registers' time the current one; a date that doesn't exist changes nothing. */
    private void adoptRegisters() {
        try {
            LocalDateTime set = LocalDateTime.of(
                    decode(CENTURY) * 100 + decode(YEAR),
                    decode(MONTH),
                    decode(DAY),
                    decode(HOURS),
                    decode(MINUTES),
                    decode(SECONDS));
            offsetNanos += (set.toEpochSecond(ZoneOffset.UTC) - guestSecond()) * SECOND;
            updateSeen = guestSecond();
        } catch (DateTimeException e) {
            // A guest may write the parts one by one and be inconsistent in between.
        }
        armTimers();
    }

    // ---- Interrupts

    private long periodNanos() {
        int rate = memory[A] & 0xF;
        if (rate == 0) {
            return 0;
        }
        return SECOND * (1L << (rate <= 2 ? rate + 6 : rate - 1)) / 32_768;
    }

    /** Brings the flags in C up to date. */
    private void refreshFlags() {
        long second = guestSecond();
        if (!frozen && second != updateSeen) {
            updateSeen = second;
            memory[C] |= UPDATE_ENDED;
            if (alarmMatches()) {
                memory[C] |= ALARM;
            }
        }
        long period = periodNanos();
        if (period != 0 && clock.nanos() - periodSeen >= period) {
            periodSeen = clock.nanos() - (clock.nanos() - periodSeen) % period;
            memory[C] |= PERIODIC;
        }
    }

    private boolean alarmMatches() {
        return matches(SECONDS_ALARM, SECONDS) && matches(MINUTES_ALARM, MINUTES) && matches(HOURS_ALARM, HOURS);
    }

    private boolean matches(int alarm, int register) {
        int value = memory[alarm] & 0xFF;
        return value >= 0xC0 || value == timeByte(register); // C0H and above: don't care
    }

    private void updateInterrupt() {
        int active = memory[C] & memory[B] & (PERIODIC | ALARM | UPDATE_ENDED);
        if (active != 0) {
            memory[C] |= (byte) INTERRUPT;
        }
        irq8.set((memory[C] & INTERRUPT) != 0);
    }

    private void armTimers() {
        long period = periodNanos();
        if ((memory[B] & PERIODIC) != 0 && period != 0) {
            periodicTimer.armAt(clock.nanos() + Math.max(SHORTEST_PERIOD_NANOS, period - (clock.nanos() - periodSeen)));
        } else {
            periodicTimer.cancel();
        }
        if ((memory[B] & (ALARM | UPDATE_ENDED)) != 0 && !frozen) {
            secondTimer.armAt(clock.nanos() + SECOND - Math.floorMod(guestNanos(), SECOND));
        } else {
            secondTimer.cancel();
        }
    }

    private void periodicExpired() {
        refreshFlags();
        updateInterrupt();
        armTimers();
    }

    private void secondExpired() {
        refreshFlags();
        updateInterrupt();
        armTimers();
    }

    @Override
    public void save(StateWriter out) {
        out.version(1)
                .blob(memory)
                .u8(index)
                .i64(offsetNanos)
                .bool(frozen)
                .i64(updateSeen)
                .i64(periodSeen);
    }

    @Override
    public void load(StateReader in) {
        in.version(1);
        byte[] saved = in.blob();
        System.arraycopy(saved, 0, memory, 0, Math.min(saved.length, memory.length));
        index = in.u8() & 0x7F;
        offsetNanos = in.i64();
        frozen = in.bool();
        updateSeen = in.i64();
        periodSeen = in.i64();
        armTimers();
    }
}
