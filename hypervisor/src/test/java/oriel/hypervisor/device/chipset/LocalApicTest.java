package oriel.hypervisor.device.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LocalApicTest {
    private final FakeMachineClock clock = new FakeMachineClock();
    private final ApicBus bus = new ApicBus();
    private final Pic8259 pic = new Pic8259();
    private final List<String> signals = new ArrayList<>();
    private final LocalApic[] apics = {apic(0), apic(1)};
    private final IoApic ioApic = new IoApic(bus);

    private LocalApic apic(int processor) {
        return new LocalApic(processor, clock, bus, pic, new ProcessorSignals() {
            @Override
            public void nmi() {
                signals.add("nmi " + processor);
            }

            @Override
            public void init() {
                signals.add("init " + processor);
            }

            @Override
            public void startUp(int page) {
                signals.add("start-up " + processor + " at " + page);
            }

            @Override
            public long tscOffset() {
                return 500;
            }
        });
    }

    @BeforeEach
    void enable() {
        for (int i = 0; i < 2; i++) {
            write(i, 0xF0, 0x1FF);
        }
    }

    private void write(int processor, int register, int value) {
        bus.select(processor);
        bus.writeMmio(register, 4, value);
    }

    private int read(int processor, int register) {
        bus.select(processor);
        return (int) bus.readMmio(register, 4);
    }

    private void redirect(int pin, long entry) {
        ioApic.writeMmio(0, 4, 0x10 + 2 * pin + 1);
        ioApic.writeMmio(0x10, 4, entry >>> 32);
        ioApic.writeMmio(0, 4, 0x10 + 2 * pin);
        ioApic.writeMmio(0x10, 4, entry & 0xFFFF_FFFFL);
    }

    @Test
    void messageReachesThePhysicalDestination() {
        bus.deliver(0xFEE0_1000L, 0x41);
        assertThat(apics[0].interruptPending()).isFalse();
        assertThat(apics[1].interruptPending()).isTrue();
        assertThat(apics[1].acknowledge()).isEqualTo(0x41);
        assertThat(apics[1].interruptPending()).isFalse();
    }

    @Test
    void messageOutsideTheInterruptWindowIsIgnored() {
        bus.deliver(0xFED0_0000L, 0x41);
        bus.deliver(-1L, 0x41);
        assertThat(apics[0].interruptPending()).isFalse();
    }

    @Test
    void flatLogicalDestinationIsABitMap() {
        write(0, 0xD0, 0x01 << 24);
        write(1, 0xD0, 0x02 << 24);
        bus.deliver(0xFEE0_3004L, 0x50);
        assertThat(apics[0].acknowledge()).isEqualTo(0x50);
        assertThat(apics[1].acknowledge()).isEqualTo(0x50);
    }

    @Test
    void clusterDestinationNeedsTheSameCluster() {
        for (int i = 0; i < 2; i++) {
            write(i, 0xE0, 0x0FFF_FFFF);
            write(i, 0xD0, (i << 4 | 1) << 24);
        }
        bus.deliver(0xFEE1_1004L, 0x50); // cluster 1, member 0
        assertThat(apics[0].interruptPending()).isFalse();
        assertThat(apics[1].interruptPending()).isTrue();
    }

    @Test
    void lowestPriorityGoesToTheLeastBusy() {
        write(0, 0x80, 0x20);
        bus.deliver(0xFEEF_F000L, 0x141);
        assertThat(apics[0].interruptPending()).isFalse();
        assertThat(apics[1].interruptPending()).isTrue();
    }

    @Test
    void higherClassInterruptsALowerOne() {
        bus.deliver(0xFEE0_0000L, 0x41);
        bus.deliver(0xFEE0_0000L, 0x61);
        assertThat(apics[0].acknowledge()).isEqualTo(0x61);
        assertThat(apics[0].interruptPending()).isFalse();
        assertThat(read(0, 0xA0)).isEqualTo(0x60);
        write(0, 0xB0, 0);
        assertThat(apics[0].acknowledge()).isEqualTo(0x41);
    }

    @Test
    void taskPriorityHoldsBack() {
        apics[0].setTaskPriority(5);
        assertThat(read(0, 0x80)).isEqualTo(0x50);
        bus.deliver(0xFEE0_0000L, 0x51);
        assertThat(apics[0].interruptPending()).isFalse();
        apics[0].setTaskPriority(4);
        assertThat(apics[0].interruptPending()).isTrue();
    }

    @Test
    void requestAndServiceBitsAreInTheRightWords() {
        bus.deliver(0xFEE0_0000L, 0x85);
        assertThat(read(0, 0x240)).isEqualTo(1 << 5);
        apics[0].acknowledge();
        assertThat(read(0, 0x240)).isZero();
        assertThat(read(0, 0x140)).isEqualTo(1 << 5);
    }

    @Test
    void levelInterruptRepeatsUntilItsLineDrops() {
        redirect(16, 0x8031);
        ioApic.set(16, true);
        assertThat(apics[0].acknowledge()).isEqualTo(0x31);
        assertThat(apics[0].interruptPending()).isFalse();
        write(0, 0xB0, 0);
        assertThat(apics[0].acknowledge()).isEqualTo(0x31);
        ioApic.set(16, false);
        write(0, 0xB0, 0);
        assertThat(apics[0].interruptPending()).isFalse();
    }

    @Test
    void edgeOnAMaskedPinIsLost() {
        redirect(4, 0x10034);
        ioApic.set(4, true);
        redirect(4, 0x34);
        assertThat(apics[0].interruptPending()).isFalse();
        ioApic.set(4, false);
        ioApic.set(4, true);
        assertThat(apics[0].acknowledge()).isEqualTo(0x34);
    }

    @Test
    void levelOnAMaskedPinWaits() {
        redirect(17, 0x18034);
        ioApic.set(17, true);
        redirect(17, 0x8034);
        assertThat(apics[0].interruptPending()).isTrue();
        ioApic.writeMmio(0, 4, 0x10 + 34);
        assertThat(ioApic.readMmio(0x10, 4) & 0x4000).isNotZero(); // remote IRR
    }

    @Test
    void ioApicEndsByItsOwnRegister() {
        redirect(17, 0x8034);
        ioApic.set(17, true);
        apics[0].acknowledge();
        ioApic.set(17, false);
        ioApic.writeMmio(0x40, 4, 0x34);
        ioApic.writeMmio(0, 4, 0x10 + 34);
        assertThat(ioApic.readMmio(0x10, 4) & 0x4000).isZero();
    }

    @Test
    void ioApicTellsItsSize() {
        ioApic.writeMmio(0, 4, 1);
        assertThat(ioApic.readMmio(0x10, 4)).isEqualTo(0x0017_0020);
        ioApic.writeMmio(0, 4, 0xFF);
        assertThat(ioApic.readMmio(0x10, 4)).isZero();
        ioApic.writeMmio(0x10, 4, -1);
    }

    @Test
    void oneShotTimerFiresOnce() {
        write(0, 0x320, 0x30);
        write(0, 0x3E0, 0xB); // divide by 1
        write(0, 0x380, 1_000_000);
        clock.advance(400_000);
        assertThat(read(0, 0x390)).isEqualTo(600_000);
        assertThat(apics[0].interruptPending()).isFalse();
        clock.advance(600_000);
        assertThat(apics[0].acknowledge()).isEqualTo(0x30);
        assertThat(read(0, 0x390)).isZero();
        clock.advance(10_000_000);
        assertThat(clock.fired()).isEqualTo(1);
    }

    @Test
    void periodicTimerKeepsItsPace() {
        write(0, 0x320, 0x2_0030);
        write(0, 0x3E0, 0x3); // divide by 16
        write(0, 0x380, 62_500); // 1 ms
        for (int i = 1; i <= 5; i++) {
            clock.advance(1_000_000);
            assertThat(apics[0].acknowledge()).isEqualTo(0x30);
            write(0, 0xB0, 0);
        }
        write(0, 0x380, 0);
        assertThat(clock.idle()).isTrue();
    }

    @Test
    void maskedTimerCostsNothingButCounts() {
        write(0, 0x320, 0x3_0030);
        write(0, 0x3E0, 0xB);
        write(0, 0x380, 1000);
        assertThat(clock.idle()).isTrue();
        clock.advance(100);
        assertThat(read(0, 0x390)).isEqualTo(900);
    }

    @Test
    void hostilePeriodDoesNotStormTheHost() {
        write(0, 0x320, 0x2_0030);
        write(0, 0x3E0, 0xB);
        write(0, 0x380, 1);
        clock.advance(1_000_000_000);
        assertThat(clock.fired()).isBetween(1, 60_000);
    }

    @Test
    void deadlineIsInTheProcessorsOwnTsc() {
        write(0, 0x320, 0x4_0030);
        apics[0].setTscDeadline(10_500);
        assertThat(apics[0].tscDeadline()).isEqualTo(10_500);
        clock.advance(9_999);
        assertThat(apics[0].interruptPending()).isFalse();
        clock.advance(1);
        assertThat(apics[0].acknowledge()).isEqualTo(0x30);
        assertThat(apics[0].tscDeadline()).isZero();
    }

    @Test
    void deadlineNeedsItsMode() {
        write(0, 0x320, 0x30);
        apics[0].setTscDeadline(1000);
        assertThat(apics[0].tscDeadline()).isZero();
        assertThat(clock.idle()).isTrue();
    }

    @Test
    void interProcessorInterrupts() {
        write(0, 0x310, 1 << 24);
        write(0, 0x300, 0x40FD);
        assertThat(apics[1].acknowledge()).isEqualTo(0xFD);
        write(0, 0x300, 0x4500);
        write(0, 0x300, 0x4608);
        write(0, 0x300, 0x8500); // INIT de-assert
        write(0, 0x300, 0x4400);
        assertThat(signals).containsExactly("init 1", "start-up 1 at 8", "nmi 1");
    }

    @Test
    void shorthands() {
        write(0, 0x300, 0xC_4041); // all but self
        assertThat(apics[0].interruptPending()).isFalse();
        assertThat(apics[1].acknowledge()).isEqualTo(0x41);
        write(1, 0x300, 0x4_4042); // self
        write(1, 0xB0, 0);
        assertThat(apics[1].acknowledge()).isEqualTo(0x42);
        write(1, 0x300, 0x8_4051); // all
        assertThat(apics[0].acknowledge()).isEqualTo(0x51);
        assertThat(apics[1].acknowledge()).isEqualTo(0x51);
    }

    @Test
    void illegalVectorIsReported() {
        write(0, 0x370, 0xFE);
        write(0, 0x300, 0x4_4005);
        assertThat(apics[0].acknowledge()).isEqualTo(0xFE);
        assertThat(read(0, 0x280)).isZero();
        write(0, 0x280, 0);
        assertThat(read(0, 0x280)).isEqualTo(0x20);
    }

    @Test
    void externalInterruptsComeByLint0OfTheBootProcessor() {
        pic.writePort(0x20, 1, 0x11);
        pic.writePort(0x21, 1, 0x30);
        pic.writePort(0x21, 1, 4);
        pic.writePort(0x21, 1, 1);
        pic.set(1, true);
        assertThat(apics[0].interruptPending()).isTrue();
        assertThat(apics[1].interruptPending()).isFalse();
        write(0, 0x350, 0x1_0700);
        assertThat(apics[0].interruptPending()).isFalse();
        write(0, 0x350, 0x700);
        assertThat(apics[0].acknowledge()).isEqualTo(0x31);
    }

    @Test
    void lint1IsTheNmiButton() {
        write(0, 0x360, 0x400);
        apics[0].lint1(true);
        assertThat(signals).containsExactly("nmi 0");
    }

    @Test
    void softwareDisabledTakesNothingAndMasksItsTable() {
        write(0, 0x320, 0x30);
        write(0, 0xF0, 0xFF);
        bus.deliver(0xFEE0_0000L, 0x41);
        assertThat(apics[0].interruptPending()).isFalse();
        assertThat(read(0, 0x320) & 0x10000).isNotZero();
    }

    @Test
    void globallyDisabledDisappears() {
        apics[0].setApicBase(0xFEE0_0100L);
        assertThat(read(0, 0x30)).isEqualTo(-1);
        assertThat(apics[0].apicBase()).isEqualTo(0xFEE0_0100L);
        apics[0].setApicBase(0x1234_5800L);
        assertThat(apics[0].apicBase()).isEqualTo(0xFEE0_0900L);
    }

    @Test
    void everyAccessIsSurvived() {
        java.util.Random random = new java.util.Random(7);
        for (int i = 0; i < 200_000; i++) {
            bus.select(random.nextInt(3));
            bus.writeMmio(random.nextInt(0x1000), 1 << random.nextInt(4), random.nextLong());
            bus.readMmio(random.nextInt(0x1000), 1 << random.nextInt(4));
            ioApic.writeMmio(random.nextInt(0x60), 4, random.nextInt());
            ioApic.set(random.nextInt(24), random.nextBoolean());
            if (apics[0].interruptPending()) {
                assertThat(apics[0].acknowledge()).isBetween(0, 255);
            }
        }
    }

    @Test
    void stateSurvivesASnapshot() {
        write(0, 0x320, 0x2_0030);
        write(0, 0x3E0, 0xB);
        write(0, 0x380, 1_000_000);
        bus.deliver(0xFEE0_0000L, 0x61);
        clock.advance(400_000);
        byte[] state = Snapshots.save(apics[0]);
        LocalApic copy = new LocalApic(0, clock, new ApicBus(), pic, new NoSignals());
        Snapshots.load(copy, state);
        assertThat(Snapshots.save(copy)).isEqualTo(state);
        assertThat(copy.acknowledge()).isEqualTo(0x61);
        clock.advance(600_000);
        copy.writeMmio(0xB0, 4, 0);
        assertThat(copy.acknowledge()).isEqualTo(0x30);
    }

    private static final class NoSignals implements ProcessorSignals {
        @Override
        public void nmi() {}

        @Override
        public void init() {}

        @Override
        public void startUp(int page) {}

        @Override
        public long tscOffset() {
            return 0;
        }
    }
}
