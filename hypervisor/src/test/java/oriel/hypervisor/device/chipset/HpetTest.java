package oriel.hypervisor.device.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.bus.IoBus;

/** As Linux' driver (arch/x86/kernel/hpet.c) uses it. */
class HpetTest {
    private static final long MILLISECOND = 1_000_000;
    private static final int TICKS = 100_000; // of a millisecond
    private static final int CONFIGURATION = 0x10, STATUS = 0x20, COUNTER = 0xF0;
    private static final int TIMER0 = 0x100, COMPARATOR0 = 0x108, TIMER2 = 0x140, COMPARATOR2 = 0x148;
    private static final int LEVEL = 2, INTERRUPTS = 4, PERIODIC = 8, SET_VALUE = 0x40, NARROW = 0x100;

    private final FakeMachineClock clock = new FakeMachineClock();
    private final IoBus io = new IoBus();
    private final Map<Integer, Integer> interrupts = new HashMap<>();
    private final Map<Integer, Boolean> levels = new HashMap<>();
    private final Hpet hpet = new Hpet(clock, line(0), line(8), this::line);

    private oriel.hypervisor.bus.InterruptLine line(int irq) {
        return level -> {
            if (level && !levels.getOrDefault(irq, false)) {
                interrupts.merge(irq, 1, Integer::sum);
            }
            levels.put(irq, level);
        };
    }

    @BeforeEach
    void attach() {
        hpet.attach(io);
    }

    private long get(int register) {
        return io.readMmio(Hpet.BASE + register, 4);
    }

    private void set(int register, long value) {
        io.writeMmio(Hpet.BASE + register, 4, value);
    }

    private int count(int irq) {
        return interrupts.getOrDefault(irq, 0);
    }

    @Test
    void saysWhatItCan() {
        assertThat(get(4)).as("femtoseconds a tick").isEqualTo(10_000_000);
        assertThat(get(0) & 0xFFFF).isEqualTo(0xA201);
        assertThat(get(TIMER0) & 0x30).isEqualTo(0x30);
        assertThat(get(TIMER2) & 0x10).isZero();
        assertThat(clock.idle()).isTrue();
    }

    @Test
    void countsWhileItIsOn() {
        set(COUNTER, 5);
        clock.advance(MILLISECOND);
        assertThat(get(COUNTER)).isEqualTo(5);
        set(CONFIGURATION, 1);
        clock.advance(MILLISECOND);
        assertThat(get(COUNTER)).isEqualTo(5 + TICKS);
        set(COUNTER, 0);
        assertThat(get(COUNTER)).as("read-only while it runs").isEqualTo(5 + TICKS);
        set(CONFIGURATION, 0);
        clock.advance(MILLISECOND);
        assertThat(get(COUNTER)).isEqualTo(5 + TICKS);
        assertThat(io.readMmio(Hpet.BASE + COUNTER, 8)).isEqualTo(5 + TICKS);
    }

    @Test
    void takesThePlaceOfTheOldTimer() {
        var pit = hpet.unlessReplaced(line(1));
        pit.pulse();
        assertThat(count(1)).isEqualTo(1);
        set(CONFIGURATION, 3);
        pit.pulse();
        assertThat(count(1)).as("silenced").isEqualTo(1);
        set(TIMER0, INTERRUPTS | PERIODIC | SET_VALUE | NARROW);
        set(COMPARATOR0, get(COUNTER) + TICKS);
        set(COMPARATOR0, TICKS);
        clock.advance(10 * MILLISECOND + 100);
        assertThat(count(0)).isEqualTo(10);
        set(TIMER0, INTERRUPTS | NARROW);
        set(COMPARATOR0, get(COUNTER) + 3 * TICKS);
        clock.advance(2 * MILLISECOND);
        assertThat(count(0)).isEqualTo(10);
        clock.advance(2 * MILLISECOND);
        assertThat(count(0)).as("once").isEqualTo(11);
    }

    @Test
    void anInterruptCanStayUntilItIsAcknowledged() {
        set(TIMER2, LEVEL | INTERRUPTS | 7 << 9);
        set(COMPARATOR2, TICKS);
        set(COMPARATOR2 + 4, 0);
        set(CONFIGURATION, 1);
        clock.advance(2 * MILLISECOND);
        assertThat(levels).containsEntry(7, true);
        assertThat(get(STATUS)).isEqualTo(4);
        set(STATUS, 4);
        assertThat(levels).containsEntry(7, false);
        assertThat(get(STATUS)).isZero();
    }

    @Test
    void aShortPeriodDoesNotKeepTheMachineBusy() {
        set(CONFIGURATION, 3);
        set(TIMER0, INTERRUPTS | PERIODIC | SET_VALUE | NARROW);
        set(COMPARATOR0, 1);
        clock.advance(MILLISECOND);
        assertThat(clock.fired()).isBetween(10, 50);
    }

    @Test
    void goesOnWhereItWasSaved() {
        set(CONFIGURATION, 3);
        set(TIMER0, INTERRUPTS | NARROW);
        set(COMPARATOR0, 5 * TICKS);
        clock.advance(4 * MILLISECOND);
        byte[] saved = Snapshots.save(hpet);
        hpet.reset();
        assertThat(clock.idle()).isTrue();
        Snapshots.load(hpet, saved);
        assertThat(get(COUNTER)).isEqualTo(4 * TICKS);
        clock.advance(2 * MILLISECOND);
        assertThat(count(0)).isEqualTo(1);
    }

    @Test
    void everyAccessIsSurvived() {
        Random random = new Random(3);
        for (int i = 0; i < 40_000; i++) {
            long address = Hpet.BASE + random.nextInt(Hpet.SIZE);
            int size = 1 << random.nextInt(4);
            switch (random.nextInt(4)) {
                case 0 -> io.readMmio(address, size);
                case 1 -> io.writeMmio(address & -size, size, random.nextLong() >>> random.nextInt(64));
                case 2 -> io.writeMmio(Hpet.BASE + CONFIGURATION, 4, random.nextInt(4));
                default -> clock.advance(random.nextInt(200_000));
            }
            if (i % 500 == 0) {
                Snapshots.load(hpet, Snapshots.save(hpet));
            }
        }
    }
}
