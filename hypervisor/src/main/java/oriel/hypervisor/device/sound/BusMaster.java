package oriel.hypervisor.device.sound;

import java.util.Arrays;
import java.util.function.BooleanSupplier;
import oriel.hypervisor.bus.MachineClock;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.memory.GuestMemory;
import oriel.hypervisor.memory.GuestMemoryException;

/**
 * One DMA engine of an ICH's AC '97 controller (Intel 82801AA data sheet 290655, §13.2): it goes through a ring of 32 buffers in
 * memory, at the pace of 48,000 frames a second of the machine's clock. Where it is, is computed from the clock whenever
 * somebody looks. Confined to the machine's thread.
 */
final class BusMaster {
    /** Registers in I/O space. */
    static final int SIZE = 0x10;

    static final int RATE = 48_000;

    private static final int BASE = 0x0,
            CURRENT = 0x4,
            LAST_VALID = 0x5,
            STATUS = 0x6,
            POSITION = 0x8,
            PREFETCHED = 0xA;
    private static final int CONTROL = 0xB;

    private static final int HALTED = 1, AT_LAST_VALID = 1 << 1;
    private static final int LAST_DONE = 1 << 2, BUFFER_DONE = 1 << 3, FIFO_ERROR = 1 << 4;
    private static final int EVENTS = LAST_DONE | BUFFER_DONE | FIFO_ERROR;
    private static final int RUN = 1, RESET = 1 << 1;
    private static final int WHEN_LAST_DONE = 1 << 2, WHEN_FIFO_ERROR = 1 << 3, WHEN_BUFFER_DONE = 1 << 4;
    private static final int CONTROL_BITS = RUN | WHEN_LAST_DONE | WHEN_FIFO_ERROR | WHEN_BUFFER_DONE;

    private static final int DESCRIPTORS = 32;
    private static final int INTERRUPT_ON_COMPLETION = 1 << 31;
    private static final int SAMPLE_BYTES = 2;
    private static final long SECOND = 1_000_000_000L;

    /** How often samples go on their way, whatever the guest's buffers are. */
    private static final long TICK_NANOS = 10_000_000;

    /** Buffers of single samples don't keep the machine's thread busy. */
    private static final long SHORTEST_NANOS = 500_000;

    private static final int PIECE = 0x4000;

    private final MachineClock clock;
    private final GuestMemory memory;
    private final BooleanSupplier mayMaster;
    private final int channels;
    private final boolean toMemory;
    private final SampleFlow flow;
    private final Runnable interruptsChanged;
    private final MachineClock.Timer timer;
    private final byte[] piece = new byte[PIECE];

    private int base;
    private int current;
    private int lastValid;
    private int prefetched;
    private int status;
    private int control;

    /** The buffer that is gone through: where, its second word, how much of it is left in samples; none until the first. */
    private int bufferAddress;

    private int bufferControl;
    private int left;
    private boolean fetched;

    /** The machine's time at which it started or went on, and the frames since. */
    private long origin;

    private long frames;

    /** The machine's time at which it ran out of buffers. */
    private long haltedAt;

    /**
     * An engine after a reset.
     *
     * @param mayMaster whether the guest lets it read and write memory
     * @param channels samples of a frame
     * @param toMemory it records
     * @param interruptsChanged called when {@link #interrupting} may have changed
     */
    BusMaster(
            String name,
            MachineClock clock,
            GuestMemory memory,
            BooleanSupplier mayMaster,
            int channels,
            boolean toMemory,
            SampleFlow flow,
            Runnable interruptsChanged) {
        this.clock = clock;
        this.memory = memory;
        this.mayMaster = mayMaster;
        this.channels = channels;
        this.toMemory = toMemory;
        this.flow = flow;
        this.interruptsChanged = interruptsChanged;
        this.timer = clock.newTimer(name, this::advance);
        clear();
    }

    /** Whether it has something to say that the guest wants to hear. */
    boolean interrupting() {
        return (status & LAST_DONE) != 0 && (control & WHEN_LAST_DONE) != 0
                || (status & BUFFER_DONE) != 0 && (control & WHEN_BUFFER_DONE) != 0
                || (status & FIFO_ERROR) != 0 && (control & WHEN_FIFO_ERROR) != 0;
    }

    private boolean moving() {
        return (control & RUN) != 0 && (status & HALTED) == 0;
    }

    // Registers

    /** Reads one byte. Call {@link #advance} first. */
    int readByte(int offset) {
        return switch (offset) {
            case BASE, BASE + 1, BASE + 2, BASE + 3 -> base >>> 8 * offset & 0xFF;
            case CURRENT -> current;
            case LAST_VALID -> lastValid;
            case STATUS -> status;
            case POSITION -> left & 0xFF;
            case POSITION + 1 -> left >> 8;
            case PREFETCHED -> prefetched;
            case CONTROL -> control;
            default -> 0;
        };
    }

    /** Writes one byte. Call {@link #advance} first. */
    void writeByte(int offset, int value) {
        switch (offset) {
            case BASE, BASE + 1, BASE + 2, BASE + 3 -> base = (base & ~(0xFF << 8 * offset) | value << 8 * offset) & -8;
            case LAST_VALID -> setLastValid(value & DESCRIPTORS - 1);
            case STATUS -> status &= ~(value & EVENTS);
            case CONTROL -> control(value);
            default -> {}
        }
        interruptsChanged.run();
    }

    private void setLastValid(int index) {
        lastValid = index;
        if ((control & RUN) != 0 && (status & HALTED) != 0) {
            status &= ~(HALTED | AT_LAST_VALID);
            long now = clock.nanos();
            flow.skipped(framesBetween(haltedAt, now));
            restart(now);
            next();
            schedule();
        }
    }

    private void control(int value) {
        if ((value & RESET) != 0) {
            if ((control & RUN) == 0) {
                clear(); // of a running engine the result is undefined (§13.2.7): nothing
            }
            return;
        }
        boolean ran = (control & RUN) != 0;
        control = value & CONTROL_BITS;
        boolean runs = (control & RUN) != 0;
        if (runs && !ran) {
            status &= ~(HALTED | AT_LAST_VALID);
            flow.started();
            restart(clock.nanos());
            if (!fetched) {
                fetch(current);
            }
            schedule();
        } else if (!runs && ran) {
            pause();
        }
    }

    /** A paused engine goes on where it was. */
    private void pause() {
        status |= HALTED;
        timer.cancel();
        flow.stopped();
    }

    private void clear() {
        timer.cancel();
        base = 0;
        current = 0;
        lastValid = 0;
        prefetched = 0;
        status = HALTED;
        control = 0;
        left = 0;
        fetched = false;
    }

    void reset() {
        boolean ran = (control & RUN) != 0;
        clear();
        if (ran) {
            flow.stopped();
        }
    }

    // Going through the ring

    private void restart(long now) {
        origin = now;
        frames = 0;
    }

    private static long framesBetween(long from, long to) {
        long nanos = Math.max(0, to - from);
        return nanos / SECOND * RATE + nanos % SECOND * RATE / SECOND;
    }

    private static long nanosOf(long frames) {
        return frames / RATE * SECOND + (frames % RATE * SECOND + RATE - 1) / RATE;
    }

    private void fetch(int index) {
        current = index;
        prefetched = index + 1 & DESCRIPTORS - 1;
        fetched = true;
        long descriptor = Integer.toUnsignedLong(base) + 8L * index;
        long words = 0; // an empty buffer, where there is none
        if (mayMaster.getAsBoolean()) {
            try {
                words = memory.read(descriptor, 8);
            } catch (GuestMemoryException e) {
                status |= FIFO_ERROR;
            }
        }
        bufferAddress = (int) words & -2;
        bufferControl = (int) (words >>> 32);
        int samples = bufferControl & 0xFFFF;
        left = samples - samples % channels;
    }

    private void next() {
        fetch(prefetched);
    }

    /** Goes on to where it is by now. A guest gives it 32 buffers at most, so this ends. */
    void advance() {
        if (!moving()) {
            return;
        }
        long now = clock.nanos();
        long due = framesBetween(origin, now) - frames;
        while (moving() && (due > 0 || left == 0)) {
            int part = (int) Math.min(Math.min(due, left / channels), PIECE / (SAMPLE_BYTES * channels));
            if (part > 0) {
                move(part * channels);
                due -= part;
            }
            if (left == 0) {
                bufferDone();
            }
        }
        schedule();
        interruptsChanged.run();
    }

    private void move(int samples) {
        int bytes = samples * SAMPLE_BYTES;
        long address = Integer.toUnsignedLong(bufferAddress) + ((bufferControl & 0xFFFF) - left) * (long) SAMPLE_BYTES;
        if (toMemory) {
            flow.transfer(piece, bytes);
            access(() -> memory.write(address, piece, 0, bytes));
        } else {
            Arrays.fill(piece, 0, bytes, (byte) 0); // heard where there is no memory
            access(() -> memory.read(address, piece, 0, bytes));
            flow.transfer(piece, bytes);
        }
        left -= samples;
        frames += samples / channels;
    }

    private void access(Runnable transfer) {
        if (!mayMaster.getAsBoolean()) {
            return;
        }
        try {
            transfer.run();
        } catch (GuestMemoryException e) {
            status |= FIFO_ERROR;
        }
    }

    private void bufferDone() {
        if ((bufferControl & INTERRUPT_ON_COMPLETION) != 0) {
            status |= BUFFER_DONE;
        }
        if (current == lastValid) {
            status |= LAST_DONE | AT_LAST_VALID | HALTED;
            haltedAt = origin + nanosOf(frames);
        } else {
            next();
        }
    }

    private void schedule() {
        if (!moving()) {
            timer.cancel();
            return;
        }
        long now = clock.nanos();
        long end = origin + nanosOf(frames + left / channels);
        timer.armAt(Math.max(now + SHORTEST_NANOS, Math.min(end, now + TICK_NANOS)));
    }

    // Snapshots

    void save(StateWriter out) {
        out.i32(base).u8(current).u8(lastValid).u8(prefetched).u8(status).u8(control);
        out.i32(bufferAddress).i32(bufferControl).u16(left).bool(fetched);
        out.i64(origin).i64(frames).i64(haltedAt);
    }

    void load(StateReader in) {
        reset();
        base = in.i32() & -8;
        current = in.u8() & DESCRIPTORS - 1;
        lastValid = in.u8() & DESCRIPTORS - 1;
        prefetched = in.u8() & DESCRIPTORS - 1;
        status = in.u8();
        control = in.u8() & CONTROL_BITS;
        bufferAddress = in.i32();
        bufferControl = in.i32();
        int samples = Math.min(in.u16(), bufferControl & 0xFFFF);
        left = samples - samples % channels;
        fetched = in.bool();
        origin = in.i64();
        frames = Math.max(0, in.i64());
        haltedAt = in.i64();
        if ((control & RUN) != 0) {
            flow.started();
            schedule();
        }
    }
}
