package oriel.hypervisor.device.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import oriel.hypervisor.bus.IoBus;

class PowerTest {
    private static final long SECOND = 1_000_000_000L;

    private final FakeMachineClock clock = new FakeMachineClock();
    private final RecordingLine sci = new RecordingLine();
    private final RecordingPower power = new RecordingPower();
    private final AcpiPm pm = new AcpiPm(clock, sci, power);
    private final ResetControl reset = new ResetControl(power);

    @Test
    void timerRunsAtItsFrequencyIn24Bits() {
        clock.advance(SECOND);
        assertThat(pm.readPort(0x608, 4)).isEqualTo(3_579_545);
        clock.advance(4 * SECOND);
        assertThat(pm.readPort(0x608, 4)).isEqualTo(5 * 3_579_545 & 0xFF_FFFF);
    }

    @Test
    void powerButtonInterruptsUntilAcknowledged() {
        pm.pressPowerButton();
        assertThat(sci.asserted()).isFalse();
        pm.writePort(0x602, 2, 0x100);
        assertThat(sci.asserted()).isTrue();
        assertThat(pm.readPort(0x600, 2)).isEqualTo(0x100);
        pm.writePort(0x600, 2, 0x100);
        assertThat(sci.asserted()).isFalse();
    }

    @Test
    void alwaysInAcpiMode() {
        pm.writePort(0x604, 2, 0);
        assertThat(pm.readPort(0x604, 2) & 1).isEqualTo(1);
    }

    @Test
    void sleepTypeFivePowersOff() {
        pm.writePort(0x604, 2, 5 << 10);
        assertThat(power.powerOffs()).isZero();
        pm.writePort(0x604, 2, 5 << 10 | 1 << 13);
        assertThat(power.powerOffs()).isEqualTo(1);
    }

    @Test
    void otherSleepTypesDoNothing() {
        pm.writePort(0x604, 2, 3 << 10 | 1 << 13);
        assertThat(power.powerOffs()).isZero();
    }

    @Test
    void timerCarryInterruptsWhenEnabled() {
        pm.writePort(0x602, 2, 1);
        clock.advance(3 * SECOND);
        assertThat(sci.asserted()).isTrue();
        pm.writePort(0x600, 2, 1);
        assertThat(sci.asserted()).isFalse();
        pm.writePort(0x602, 2, 0);
        assertThat(clock.idle()).isTrue();
    }

    @Test
    void resetRegisterWorksOnTheRisingBit() {
        IoBus bus = new IoBus();
        reset.attach(bus);
        bus.writePort(0xCF9, 1, 2);
        assertThat(power.resets()).isZero();
        bus.writePort(0xCF9, 1, ResetControl.RESET_VALUE);
        assertThat(power.resets()).isEqualTo(1);
    }

    @Test
    void portAResetsAndKeepsA20() {
        reset.writePort(0x92, 1, 0);
        assertThat(reset.readPort(0x92, 1)).isZero();
        reset.writePort(0x92, 1, 3);
        assertThat(power.resets()).isEqualTo(1);
    }

    @Test
    void dmaRegistersReadBack() {
        LegacyDma dma = new LegacyDma();
        dma.writePort(0x0C, 1, 0);
        dma.writePort(0x02, 1, 0x34);
        dma.writePort(0x02, 1, 0x12);
        dma.writePort(0x0C, 1, 0);
        assertThat(dma.readPort(0x02, 1)).isEqualTo(0x34);
        assertThat(dma.readPort(0x02, 1)).isEqualTo(0x12);
        dma.writePort(0x83, 1, 0x55);
        assertThat(dma.readPort(0x83, 1)).isEqualTo(0x55);
        for (int port = 0; port < 0x20; port++) {
            dma.writePort(0xC0 + port, 4, -1);
            dma.readPort(0xC0 + port, 4);
            dma.writePort(port & 15 | 0x80, 4, -1);
            dma.readPort(port & 15 | 0x80, 4);
        }
    }

    @Test
    void stateSurvivesASnapshot() {
        pm.writePort(0x602, 2, 0x100);
        pm.pressPowerButton();
        byte[] state = Snapshots.save(pm);
        RecordingLine line = new RecordingLine();
        AcpiPm copy = new AcpiPm(clock, line, power);
        Snapshots.load(copy, state);
        assertThat(line.asserted()).isTrue();
        assertThat(Snapshots.save(copy)).isEqualTo(state);
    }
}
