package oriel.hypervisor.device.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.device.pci.PciBus;
import oriel.hypervisor.device.pci.PciPorts;
import oriel.hypervisor.memory.GuestMemory;

/** As Linux' driver (drivers/watchdog/i6300esb.c) uses it. */
class WatchdogTest {
    private static final int SLOT = 28;
    private static final long SECOND = 1_000_000_000;
    private static final int TIMER1 = 0, TIMER2 = 4, RELOAD = 0xC;

    private final FakeMachineClock clock = new FakeMachineClock();
    private final RecordingPower power = new RecordingPower();
    private final GuestMemory memory = new GuestMemory(1 << 20);
    private final IoBus io = new IoBus();
    private final PciPorts ports = new PciPorts(io);
    private final Watchdog watchdog = new Watchdog(clock, power);

    @BeforeEach
    void plug() {
        new PciBus(io, memory, _ -> _ -> {}, (_, _) -> {}).add(SLOT, watchdog);
        watchdog.reset();
        ports.write(SLOT, 4, 2, 2); // memory space on
    }

    @AfterEach
    void free() {
        memory.close();
    }

    private void write(int register, int value) {
        watchdog.writeMmio(RELOAD, 2, 0x80);
        watchdog.writeMmio(RELOAD, 2, 0x86);
        watchdog.writeMmio(register, register == RELOAD ? 2 : 4, value);
    }

    /** The driver sets each of the two timers to half of the time: 512 ticks of 1007 Hz a second. */
    private void start(int seconds) {
        ports.write(SLOT, 0x60, 2, 0x0003);
        write(TIMER1, seconds << 9);
        write(TIMER2, seconds << 9);
        write(RELOAD, 0x100);
        ports.write(SLOT, 0x68, 1, 2);
    }

    @Test
    void isFoundAndCostsNothing() {
        assertThat(ports.read(SLOT, 0, 4)).isEqualTo(0x25AB_8086);
        assertThat(clock.idle()).isTrue();
    }

    @Test
    void resetsAGuestThatFallsSilent() {
        start(30);
        clock.advance(29 * SECOND);
        assertThat(power.resets()).isZero();
        clock.advance(3 * SECOND);
        assertThat(power.resets()).isEqualTo(1);
        watchdog.reset();
        assertThat(watchdog.readMmio(RELOAD, 2) & 0x200).as("why it was reset").isNotZero();
        write(RELOAD, 0x300);
        assertThat(watchdog.readMmio(RELOAD, 2) & 0x200).isZero();
        assertThat(clock.idle()).isTrue();
    }

    @Test
    void aGuestThatReloadsLives() {
        start(10);
        for (int i = 0; i < 100; i++) {
            clock.advance(8 * SECOND);
            write(RELOAD, 0x100);
        }
        assertThat(power.resets()).isZero();
        ports.write(SLOT, 0x68, 1, 0);
        assertThat(clock.idle()).isTrue();
    }

    @Test
    void reloadNeedsTheUnlockingWrites() {
        start(10);
        clock.advance(8 * SECOND);
        watchdog.writeMmio(RELOAD, 2, 0x100);
        watchdog.writeMmio(RELOAD, 2, 0x86);
        watchdog.writeMmio(RELOAD, 2, 0x100);
        clock.advance(3 * SECOND);
        assertThat(power.resets()).isEqualTo(1);
    }

    @Test
    void lockedItCannotBeStopped() {
        start(10);
        ports.write(SLOT, 0x68, 1, 3);
        ports.write(SLOT, 0x68, 1, 0);
        assertThat(ports.read(SLOT, 0x68, 1)).isEqualTo(3);
        clock.advance(11 * SECOND);
        assertThat(power.resets()).isEqualTo(1);
    }

    @Test
    void withoutOutputNothingIsReset() {
        start(1);
        ports.write(SLOT, 0x60, 2, 0x23);
        clock.advance(5 * SECOND);
        assertThat(power.resets()).isZero();
        assertThat(watchdog.readMmio(RELOAD, 2) & 0x200).isNotZero();
    }

    @Test
    void goesOnWhereItWasSaved() {
        start(30);
        clock.advance(20 * SECOND);
        byte[] saved = Snapshots.save(watchdog);
        write(RELOAD, 0x100);
        Snapshots.load(watchdog, saved);
        clock.advance(8 * SECOND);
        assertThat(power.resets()).isZero();
        clock.advance(4 * SECOND);
        assertThat(power.resets()).isEqualTo(1);
    }

    @Test
    void everyAccessIsSurvived() {
        Random random = new Random(4);
        for (int i = 0; i < 20_000; i++) {
            int size = 1 << random.nextInt(4);
            long offset = random.nextInt(0x1000);
            switch (random.nextInt(4)) {
                case 0 -> watchdog.readMmio(offset, size);
                case 1 -> watchdog.writeMmio(offset & 0xF, size, random.nextLong());
                case 2 -> write(random.nextInt(4) * 4, random.nextInt());
                default -> ports.write(SLOT, 0x60 + random.nextInt(12), 1, random.nextInt(256));
            }
            if (i % 100 == 0) {
                clock.advance(SECOND / 1000);
            }
        }
        watchdog.reset();
        assertThat(clock.idle()).isTrue();
    }
}
