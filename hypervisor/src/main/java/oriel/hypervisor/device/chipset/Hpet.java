package oriel.hypervisor.device.chipset;

import java.util.List;
import java.util.function.IntFunction;
import oriel.hypervisor.bus.Device;
import oriel.hypervisor.bus.InterruptLine;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.MachineClock;
import oriel.hypervisor.bus.Mmio;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;

/**
 * A high precision event timer (IA-PC HPET 1.0a): a 64-bit counter of 100 MHz and three comparators, the first of which can be
 * periodic. In legacy replacement mode the first two have the interrupts of the 8254 and of the clock chip. The counter is
 * computed from the machine's clock when it is read. Confined to the machine's thread.
 */
public final class Hpet implements Device, Mmio {
    /** Where it is. */
    public static final long BASE = 0xFED0_0000L;

    /** How much there is. */
    public static final int SIZE = 0x400;

    private static final int TIMERS = 3;
    private static final long TICK_NANOS = 10;
    private static final long TICK_FEMTOSECONDS = TICK_NANOS * 1_000_000;

    private static final int CAPABILITIES = 0x00, CONFIGURATION = 0x10, STATUS = 0x20, COUNTER = 0xF0;
    private static final int FIRST_TIMER = 0x100, TIMER_STRIDE = 0x20;
    private static final long ENABLED = 1, LEGACY = 2;

    /** Revision 1, three timers, 64 bits, legacy replacement, Intel. */
    private static final long CAPABILITY_BITS =
            TICK_FEMTOSECONDS << 32 | 0x8086L << 16 | 1 << 15 | 1 << 13 | TIMERS - 1 << 8 | 1;

    private static final long LEVEL = 1 << 1, INTERRUPTS = 1 << 2, PERIODIC = 1 << 3, CAN_BE_PERIODIC = 1 << 4;
    private static final long WIDE = 1 << 5, SET_VALUE = 1 << 6, NARROW = 1 << 8;
    private static final int ROUTE_SHIFT = 9, ROUTE = 0x1F;
    private static final long WRITABLE = LEVEL | INTERRUPTS | PERIODIC | NARROW | (long) ROUTE << ROUTE_SHIFT;

    /** Interrupts of chips that this board lacks: second serial port, floppy drive, printer. */
    private static final List<Integer> ROUTES = List.of(3, 6, 7);

    /** The shortest period, whatever the guest asks for: the machine's thread has more to do. */
    private static final long SHORTEST_NANOS = 20_000;

    /** The same for the ACPI table. */
    public static final int SHORTEST_TICKS = (int) (SHORTEST_NANOS / TICK_NANOS);

    private static final long LONGEST_NANOS = 1L << 60;

    private final MachineClock clock;
    private final InterruptLine irq0;
    private final InterruptLine irq8;
    private final IntFunction<InterruptLine> lines;
    private final Comparator[] comparators = new Comparator[TIMERS];
    private long configuration;
    private long status;

    /** The counter while it stands; else its value when the clock showed 0. */
    private long counter;

    /**
     * A timer that stands.
     *
     * @param irq0 where the first comparator's interrupts go in legacy replacement mode
     * @param irq8 the same for the second
     * @param lines the line of an ISA interrupt
     */
    public Hpet(MachineClock clock, InterruptLine irq0, InterruptLine irq8, IntFunction<InterruptLine> lines) {
        this.clock = clock;
        this.irq0 = irq0;
        this.irq8 = irq8;
        List<InterruptLine> routed = ROUTES.stream().map(lines::apply).toList();
        this.lines = irq -> routed.get(ROUTES.indexOf(irq));
        for (int number = 0; number < TIMERS; number++) {
            comparators[number] = new Comparator(number);
        }
    }

    /** Claims its addresses. */
    public void attach(IoBus bus) {
        bus.addMmio(BASE, SIZE, this);
    }

    /** Identification for the ACPI table: the low half of the capabilities. */
    public static int blockId() {
        return (int) CAPABILITY_BITS;
    }

    /** A line of a chip that is silent while this one has its interrupt. */
    public InterruptLine unlessReplaced(InterruptLine line) {
        return level -> line.set(level && !legacy());
    }

    private boolean enabled() {
        return (configuration & ENABLED) != 0;
    }

    private boolean legacy() {
        return (configuration & LEGACY) != 0;
    }

    private long ticks() {
        return enabled() ? counter + clock.nanos() / TICK_NANOS : counter;
    }

    private final class Comparator {
        private final int number;
        private final MachineClock.Timer timer;
        private long settings;
        private long value = -1;
        private long period;

        Comparator(int number) {
            this.number = number;
            this.timer = clock.newTimer("hpet " + number, this::expired);
        }

        long capabilities() {
            long routes = ROUTES.stream().mapToLong(irq -> 1L << irq).sum();
            return settings | WIDE | (number == 0 ? CAN_BE_PERIODIC : 0) | routes << 32;
        }

        private boolean is(long bit) {
            return (settings & bit) != 0;
        }

        void configure(long wanted) {
            boolean wasLevel = is(LEVEL);
            settings = wanted & (WRITABLE | (number == 0 ? SET_VALUE : 0));
            if (number != 0) {
                settings &= ~PERIODIC;
            }
            if (is(NARROW)) {
                value &= 0xFFFF_FFFFL;
                period &= 0xFFFF_FFFFL;
            }
            if (wasLevel && !is(LEVEL)) {
                acknowledge();
            }
            schedule();
        }

        /** In periodic mode the value too only if software has just said so (§2.3.9.2.2). */
        void set(long written) {
            long number = is(NARROW) ? written & 0xFFFF_FFFFL : written;
            if (is(PERIODIC)) {
                period = number;
            }
            if (!is(PERIODIC) || is(SET_VALUE)) {
                value = number;
            }
            settings &= ~SET_VALUE;
            schedule();
        }

        private long ticksLeft() {
            long left = value - ticks();
            if (is(NARROW)) {
                left &= 0xFFFF_FFFFL;
                return left == 0 ? 1L << 32 : left;
            }
            return left == 0 ? Long.MAX_VALUE : left; // unsigned: what has passed comes round again
        }

        void schedule() {
            if (!enabled() || !is(INTERRUPTS)) {
                timer.cancel();
                return;
            }
            long left = ticksLeft();
            long nanos = left < 0 || left > LONGEST_NANOS / TICK_NANOS ? LONGEST_NANOS : left * TICK_NANOS;
            long sinceTick = clock.nanos() % TICK_NANOS;
            timer.armAt(clock.nanos() + Math.max(SHORTEST_NANOS, nanos - sinceTick));
        }

        private void expired() {
            if (is(PERIODIC) && period > 0) {
                // Periods that the guest was too late for are lost: it sees one interrupt.
                long now = ticks();
                long late = is(NARROW) ? now - value & 0xFFFF_FFFFL : now - value;
                value += (Math.max(0, late) / period + 1) * period;
                if (is(NARROW)) {
                    value &= 0xFFFF_FFFFL;
                }
            }
            raise();
            schedule();
        }

        private @org.jspecify.annotations.Nullable InterruptLine line() {
            if (legacy() && number < 2) {
                return number == 0 ? irq0 : irq8;
            }
            int route = (int) (settings >> ROUTE_SHIFT) & ROUTE;
            return ROUTES.contains(route) ? lines.apply(route) : null;
        }

        private void raise() {
            InterruptLine line = line();
            if (is(LEVEL)) {
                status |= 1L << number;
                if (line != null) {
                    line.set(true);
                }
            } else if (line != null) {
                line.pulse();
            }
        }

        void acknowledge() {
            status &= ~(1L << number);
            InterruptLine line = line();
            if (line != null) {
                line.set(false);
            }
        }

        void reset() {
            timer.cancel();
            settings = 0;
            value = -1;
            period = 0;
        }
    }

    @Override
    public long readMmio(long offset, int size) {
        long value = register((int) offset & -8);
        int shift = 8 * ((int) offset & 7);
        return size == 8 ? value : value >>> shift & (1L << 8 * size) - 1;
    }

    private long register(int offset) {
        if (offset >= FIRST_TIMER) {
            int number = (offset - FIRST_TIMER) / TIMER_STRIDE;
            if (number >= TIMERS) {
                return 0;
            }
            return switch ((offset - FIRST_TIMER) % TIMER_STRIDE) {
                case 0 -> comparators[number].capabilities();
                case 8 -> comparators[number].value;
                default -> 0;
            };
        }
        return switch (offset) {
            case CAPABILITIES -> CAPABILITY_BITS;
            case CONFIGURATION -> configuration;
            case STATUS -> status;
            case COUNTER -> ticks();
            default -> 0;
        };
    }

    /** By 32 or 64 bits, aligned (§2.3.1); else nothing happens. */
    @Override
    public void writeMmio(long offset, int size, long value) {
        int at = (int) offset & -8;
        if (size == 8 && offset == at) {
            write(at, value, -1);
        } else if (size == 4 && (offset & 3) == 0) {
            int shift = 8 * ((int) offset & 7);
            long mask = 0xFFFF_FFFFL << shift;
            write(at, value << shift & mask, mask);
        }
    }

    private void write(int offset, long bits, long mask) {
        long value = register(offset) & ~mask | bits;
        if (offset >= FIRST_TIMER) {
            int number = (offset - FIRST_TIMER) / TIMER_STRIDE;
            if (number < TIMERS) {
                switch ((offset - FIRST_TIMER) % TIMER_STRIDE) {
                    case 0 -> comparators[number].configure(value);
                    case 8 -> comparators[number].set(value);
                    default -> {}
                }
            }
            return;
        }
        switch (offset) {
            case CONFIGURATION -> configure(value & (ENABLED | LEGACY));
            case STATUS -> {
                for (int number = 0; number < TIMERS; number++) {
                    if ((bits & status & 1L << number) != 0) {
                        comparators[number].acknowledge();
                    }
                }
            }
            case COUNTER -> {
                if (!enabled()) {
                    counter = value;
                }
            }
            default -> {}
        }
    }

    private void configure(long wanted) {
        long now = ticks();
        if (legacy() && (wanted & LEGACY) == 0) {
            irq0.set(false);
            irq8.set(false);
        }
        configuration = wanted;
        counter = enabled() ? now - clock.nanos() / TICK_NANOS : now;
        for (Comparator comparator : comparators) {
            comparator.schedule();
        }
    }

    @Override
    public String name() {
        return "hpet";
    }

    @Override
    public void reset() {
        for (Comparator comparator : comparators) {
            comparator.reset();
        }
        configuration = 0;
        status = 0;
        counter = 0;
    }

    @Override
    public void save(StateWriter out) {
        out.version(1).i64(configuration).i64(status).i64(counter);
        for (Comparator comparator : comparators) {
            out.i64(comparator.settings).i64(comparator.value).i64(comparator.period);
        }
    }

    @Override
    public void load(StateReader in) {
        in.version(1);
        configuration = in.i64() & (ENABLED | LEGACY);
        status = in.i64();
        counter = in.i64();
        for (Comparator comparator : comparators) {
            comparator.settings = in.i64();
            comparator.value = in.i64();
            comparator.period = in.i64();
            comparator.schedule();
        }
    }
}
