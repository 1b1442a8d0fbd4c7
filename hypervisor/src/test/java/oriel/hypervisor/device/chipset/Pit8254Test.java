package oriel.hypervisor.device.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class Pit8254Test {
    private static final long SECOND = 1_000_000_000L;
    private static final int HZ = 1_193_182;

    private final FakeMachineClock clock = new FakeMachineClock();
    private final RecordingLine irq0 = new RecordingLine();
    private final Pit8254 pit = new Pit8254(clock, irq0);

    private void program(int channel, int mode, int count) {
        pit.writePort(0x43, 1, channel << 6 | 0x30 | mode << 1);
        pit.writePort(0x40 + channel, 1, count & 0xFF);
        pit.writePort(0x40 + channel, 1, count >> 8);
    }

    private int latched(int channel) {
        pit.writePort(0x43, 1, channel << 6);
        return pit.readPort(0x40 + channel, 1) | pit.readPort(0x40 + channel, 1) << 8;
    }

    private void ticks(long count) {
        clock.advance(new Ticks(HZ).nanosOf(count));
    }

    @Test
    void rateGeneratorInterruptsHundredTimesASecond() {
        program(0, 2, 11_932);
        int before = irq0.edges();
        clock.advance(SECOND);
        assertThat(irq0.edges() - before).isBetween(99, 100);
    }

    @Test
    void squareWaveInterruptsOnceAPeriod() {
        program(0, 3, 0); // 65536
        int before = irq0.edges();
        clock.advance(SECOND);
        assertThat(irq0.edges() - before).isEqualTo(18);
    }

    @Test
    void terminalCountInterruptsOnceAndThenRests() {
        program(0, 0, 1000);
        assertThat(irq0.asserted()).isFalse();
        ticks(999);
        assertThat(irq0.asserted()).isFalse();
        ticks(2);
        assertThat(irq0.asserted()).isTrue();
        assertThat(clock.idle()).isTrue();
    }

    @Test
    void newModeStopsTheOldOne() {
        program(0, 2, 11_932);
        pit.writePort(0x43, 1, 0x30);
        assertThat(clock.idle()).isTrue();
    }

    @Test
    void countsDownAndLatches() {
        program(1, 2, 1000);
        ticks(300);
        assertThat(latched(1)).isEqualTo(700);
        ticks(800);
        assertThat(latched(1)).isBetween(899, 901);
    }

    @Test
    void secondLatchDoesNotDisturbTheFirst() {
        program(1, 2, 1000);
        ticks(300);
        pit.writePort(0x43, 1, 0x40);
        ticks(100);
        assertThat(latched(1)).isEqualTo(700);
    }

    @Test
    void bcdCounts() {
        pit.writePort(0x43, 1, 0x75); // channel 1, both bytes, mode 2, BCD
        pit.writePort(0x41, 1, 0x00);
        pit.writePort(0x41, 1, 0x10); // 1000
        ticks(1);
        assertThat(latched(1)).isEqualTo(0x0999);
    }

    @Test
    void readBackGivesStatusThenCount() {
        program(0, 2, 1000);
        ticks(100);
        pit.writePort(0x43, 1, 0xC2);
        assertThat(pit.readPort(0x40, 1)).isEqualTo(0x80 | 0x34);
        assertThat(pit.readPort(0x40, 1) | pit.readPort(0x40, 1) << 8).isEqualTo(900);
    }

    @Test
    void channel2MeasuresADelayThroughPort61() {
        pit.writePort(0x61, 1, 1);
        program(2, 0, 59_659); // 50 ms, as Linux calibrates its TSC
        assertThat(pit.readPort(0x61, 1) & 0x20).isZero();
        clock.advance(49_990_000);
        assertThat(pit.readPort(0x61, 1) & 0x20).isZero();
        clock.advance(20_000);
        assertThat(pit.readPort(0x61, 1) & 0x20).isNotZero();
    }

    @Test
    void lowGateStopsChannel2() {
        pit.writePort(0x61, 1, 1);
        program(2, 0, 10_000);
        ticks(1_000);
        pit.writePort(0x61, 1, 0);
        ticks(50_000);
        assertThat(latched(2)).isBetween(8_999, 9_000);
        pit.writePort(0x61, 1, 1);
        ticks(1_000);
        assertThat(latched(2)).isBetween(7_998, 8_000);
    }

    @Test
    void oneShotStartsWithTheGate() {
        program(2, 1, 1_000);
        assertThat(pit.readPort(0x61, 1) & 0x20).isNotZero();
        pit.writePort(0x61, 1, 1);
        assertThat(pit.readPort(0x61, 1) & 0x20).isZero();
        ticks(1_001);
        assertThat(pit.readPort(0x61, 1) & 0x20).isNotZero();
    }

    @Test
    void refreshBitToggles() {
        int before = pit.readPort(0x61, 1) & 0x10;
        clock.advance(15_085);
        assertThat(pit.readPort(0x61, 1) & 0x10).isNotEqualTo(before);
    }

    @Test
    void fastestRateDoesNotStormTheHost() {
        program(0, 2, 1);
        clock.advance(SECOND);
        assertThat(clock.fired()).isBetween(1, 60_000);
    }

    @Test
    void everyAccessIsSurvived() {
        java.util.Random random = new java.util.Random(3);
        for (int i = 0; i < 100_000; i++) {
            int port = random.nextInt(5) == 4 ? 0x61 : 0x40 + random.nextInt(4);
            pit.writePort(port, 1 << random.nextInt(3), random.nextInt());
            assertThat(pit.readPort(port, 1)).isBetween(0, 255);
            clock.advance(random.nextInt(100_000));
        }
    }

    @Test
    void stateSurvivesASnapshot() {
        program(0, 2, 11_932);
        ticks(5_000);
        byte[] state = Snapshots.save(pit);
        RecordingLine line = new RecordingLine();
        Pit8254 copy = new Pit8254(clock, line);
        Snapshots.load(copy, state);
        assertThat(Snapshots.save(copy)).isEqualTo(state);
        ticks(6_933);
        assertThat(line.edges()).isEqualTo(1);
    }
}
