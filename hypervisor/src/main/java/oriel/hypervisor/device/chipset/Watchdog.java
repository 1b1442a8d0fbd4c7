package oriel.hypervisor.device.chipset;

import oriel.hypervisor.bus.MachineClock;
import oriel.hypervisor.bus.Mmio;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.device.pci.PciBar;
import oriel.hypervisor.device.pci.PciFunction;
import oriel.hypervisor.device.pci.PciIdentity;
import oriel.hypervisor.device.pci.RegisterBacking;

/**
 * The watchdog of an Intel 6300ESB (data sheet 300641, chapter 16), which Linux drives with {@code i6300esb}: two timers,
 * one after the other; when the second ends, the machine is reset, unless the guest has reloaded them in time. While
 * nobody switches it on it costs nothing.
 */
public final class Watchdog extends PciFunction implements Mmio {
    private static final int BAR_SIZE = 0x1000;

    // Configuration space.
    private static final int CONFIG = 0x60, LOCK = 0x68;
    private static final int CONFIG_FAST = 1 << 2, CONFIG_OUTPUT_OFF = 1 << 5, CONFIG_WRITABLE = 0x27;
    private static final int LOCK_LOCKED = 1, LOCK_ENABLE = 2, LOCK_FREE_RUNNING = 4;

    // Memory.
    private static final int TIMER1 = 0, TIMER2 = 4, STATUS = 8, RELOAD = 0xC;
    private static final int PRELOAD = 0xFFFFF;
    private static final int RELOAD_NOW = 1 << 8, TIMED_OUT = 1 << 9;
    private static final int UNLOCK1 = 0x80, UNLOCK2 = 0x86;

    /** The counters step with PCI's 33 MHz divided by 2^15, or by 2^5. */
    private static final long PCI_MHZ = 33, NANOS_PER_MICRO = 1000;

    private static final int SLOW_SHIFT = 15, FAST_SHIFT = 5;

    /** A guest can't make the machine's thread do nothing but expire timers. */
    private static final long SHORTEST_NANOS = 1_000_000;

    private final MachineClock clock;
    private final PowerControl power;
    private final MachineClock.Timer timer;
    private int preload1;
    private int preload2;

    /** The lock register as it counts: software may write more into it than is taken. */
    private int lock;

    /** How far the two unlocking writes have come: the next write to a register counts after both. */
    private int unlocked;

    /** 0 stopped, else the timer that runs. */
    private int stage;

    /** Survives the reset that it makes: the guest learns why it starts. */
    private boolean timedOut;

    /** Resets the machine through {@code power}. */
    public Watchdog(MachineClock clock, PowerControl power) {
        super("watchdog", new PciIdentity(0x8086, 0x25AB, 0x088000, 0, 0x1AF4, 0x1100, false));
        this.clock = clock;
        this.power = power;
        this.timer = clock.newTimer(name(), this::expired);
        addBar(0, new PciBar(PciBar.Kind.MEMORY, BAR_SIZE, false, new RegisterBacking(this)));
        allowWrites(CONFIG, 2, CONFIG_WRITABLE);
        allowWrites(LOCK, 1, LOCK_LOCKED | LOCK_ENABLE | LOCK_FREE_RUNNING);
        preload1 = PRELOAD;
        preload2 = PRELOAD;
    }

    @Override
    protected void configWritten(int offset, int size) {
        if (offset > LOCK || offset + size <= LOCK) {
            return;
        }
        int wanted = configRegister(LOCK, 1);
        if ((lock & LOCK_LOCKED) != 0) {
            setConfigRegister(LOCK, 1, lock); // for ever, or until a reset
            return;
        }
        boolean starts = (wanted & ~lock & LOCK_ENABLE) != 0;
        lock = wanted;
        if ((wanted & LOCK_ENABLE) == 0) {
            stop();
        } else if (starts) {
            begin(1);
        }
    }

    private void begin(int next) {
        stage = next;
        int shift = (configRegister(CONFIG, 2) & CONFIG_FAST) != 0 ? FAST_SHIFT : SLOW_SHIFT;
        long ticks = (long) (next == 1 ? preload1 : preload2) << shift;
        timer.armAt(clock.nanos() + Math.max(SHORTEST_NANOS, ticks * NANOS_PER_MICRO / PCI_MHZ));
    }

    private void stop() {
        stage = 0;
        timer.cancel();
    }

    private void expired() {
        if (stage == 1) {
            begin((lock & LOCK_FREE_RUNNING) != 0 ? 1 : 2);
            return;
        }
        stop();
        timedOut = true;
        if ((configRegister(CONFIG, 2) & CONFIG_OUTPUT_OFF) == 0) {
            power.reset();
        }
    }

    @Override
    public long readMmio(long offset, int size) {
        return switch ((int) offset) {
            case TIMER1 -> preload1;
            case TIMER2 -> preload2;
            case RELOAD -> timedOut ? TIMED_OUT : 0;
            default -> 0;
        };
    }

    @Override
    public void writeMmio(long offset, int size, long value) {
        int number = (int) value;
        if (offset == RELOAD && number == UNLOCK1) {
            unlocked = 1;
        } else if (offset == RELOAD && number == UNLOCK2 && unlocked == 1) {
            unlocked = 2;
        } else {
            if (unlocked == 2) {
                writeUnlocked((int) offset, number);
            }
            unlocked = 0;
        }
    }

    private void writeUnlocked(int offset, int value) {
        switch (offset) {
            case TIMER1 -> preload1 = value & PRELOAD;
            case TIMER2 -> preload2 = value & PRELOAD;
            case RELOAD -> {
                if ((value & TIMED_OUT) != 0) {
                    timedOut = false;
                }
                if ((value & RELOAD_NOW) != 0 && stage != 0) {
                    begin(1);
                }
            }
            case STATUS -> {} // no interrupt is ever raised
            default -> {}
        }
    }

    @Override
    public void reset() {
        super.reset();
        stop();
        lock = 0;
        setConfigRegister(LOCK, 1, 0);
        setConfigRegister(CONFIG, 2, 0);
        preload1 = PRELOAD;
        preload2 = PRELOAD;
        unlocked = 0;
    }

    @Override
    protected void saveFunction(StateWriter out) {
        out.version(1)
                .i32(preload1)
                .i32(preload2)
                .i32(unlocked)
                .i32(lock)
                .i32(stage)
                .bool(timedOut);
        out.i64(stage == 0 ? 0 : timer.deadline());
    }

    @Override
    protected void loadFunction(StateReader in) {
        in.version(1);
        preload1 = in.i32() & PRELOAD;
        preload2 = in.i32() & PRELOAD;
        unlocked = in.i32();
        lock = in.i32();
        stage = in.i32();
        timedOut = in.bool();
        long deadline = in.i64();
        if (stage == 1 || stage == 2) {
            timer.armAt(deadline);
        } else {
            stop();
        }
    }
}
