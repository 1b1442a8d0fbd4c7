package oriel.hypervisor.device.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CmosRtcTest {
    private static final long SECOND = 1_000_000_000L;

    private final FakeMachineClock clock = new FakeMachineClock();
    private final RecordingLine irq8 = new RecordingLine();
    private CmosRtc rtc;

    @BeforeEach
    void start() {
        clock.setWall(Instant.parse("2027-03-04T17:58:59Z").getEpochSecond() * SECOND);
        rtc = new CmosRtc(clock, irq8, 5L << 30);
    }

    private int read(int index) {
        rtc.writePort(0x70, 1, index);
        return rtc.readPort(0x71, 1);
    }

    private void write(int index, int value) {
        rtc.writePort(0x70, 1, index);
        rtc.writePort(0x71, 1, value);
    }

    @Test
    void tellsTheTimeInBcd() {
        assertThat(read(0)).isEqualTo(0x59);
        assertThat(read(2)).isEqualTo(0x58);
        assertThat(read(4)).isEqualTo(0x17);
        assertThat(read(6)).isEqualTo(5); // Thursday
        assertThat(read(7)).isEqualTo(0x04);
        assertThat(read(8)).isEqualTo(0x03);
        assertThat(read(9)).isEqualTo(0x27);
        assertThat(read(0x32)).isEqualTo(0x20);
        clock.advance(SECOND);
        assertThat(read(0)).isZero();
        assertThat(read(2)).isEqualTo(0x59);
    }

    @Test
    void tellsTheTimeInBinaryAndTwelveHours() {
        write(0x0B, 0x04);
        assertThat(read(0)).isEqualTo(59);
        assertThat(read(4)).isEqualTo(0x80 | 5);
    }

    @Test
    void guestSetsTheTime() {
        write(0x0B, 0x82);
        write(0, 0x30);
        write(2, 0x10);
        write(4, 0x09);
        write(7, 0x31);
        write(8, 0x12);
        write(9, 0x30);
        write(0x0B, 0x02);
        clock.advance(SECOND);
        assertThat(read(0)).isEqualTo(0x31);
        assertThat(read(4)).isEqualTo(0x09);
        assertThat(read(9)).isEqualTo(0x30);
    }

    @Test
    void impossibleDateIsIgnored() {
        write(8, 0x99);
        write(7, 0xFF);
        assertThat(read(0)).isEqualTo(0x59);
        assertThat(read(7)).isEqualTo(0x04);
    }

    @Test
    void updateIsAnnouncedShortlyBefore() {
        assertThat(read(0x0A) & 0x80).isZero();
        clock.advance(SECOND - 100_000);
        assertThat(read(0x0A) & 0x80).isNotZero();
        clock.advance(100_000);
        assertThat(read(0x0A) & 0x80).isZero();
    }

    @Test
    void updateInterruptsEverySecondUntilSwitchedOff() {
        write(0x0B, 0x12);
        for (int i = 0; i < 3; i++) {
            clock.advance(SECOND);
            assertThat(irq8.asserted()).isTrue();
            assertThat(read(0x0C) & 0x90).isEqualTo(0x90);
            assertThat(irq8.asserted()).isFalse();
        }
        write(0x0B, 0x02);
        assertThat(clock.idle()).isTrue();
    }

    @Test
    void alarmInterruptsAtItsTime() {
        write(1, 0x05);
        write(3, 0x00);
        write(5, 0xFF); // any hour
        write(0x0B, 0x22);
        clock.advance(65 * SECOND);
        assertThat(irq8.edges()).isZero();
        clock.advance(SECOND);
        assertThat(irq8.edges()).isEqualTo(1);
        assertThat(read(0x0C) & 0xA0).isEqualTo(0xA0);
    }

    @Test
    void periodicInterruptsAtTheChosenRate() {
        write(0x0A, 0x2A); // 64 Hz
        write(0x0B, 0x42);
        int count = 0;
        for (int i = 0; i < 1000; i++) {
            clock.advance(1_000_000);
            if (irq8.asserted()) {
                assertThat(read(0x0C) & 0xC0).isEqualTo(0xC0);
                count++;
            }
        }
        assertThat(count).isBetween(63, 64);
    }

    @Test
    void nothingTicksByDefault() {
        assertThat(clock.idle()).isTrue();
        assertThat(read(0x0D)).isEqualTo(0x80);
    }

    @Test
    void tellsTheMemorySize() {
        assertThat(read(0x15) | read(0x16) << 8).isEqualTo(640);
        assertThat(read(0x34) | read(0x35) << 8).isEqualTo((3072 - 16) * 16);
        assertThat(read(0x5B) | read(0x5C) << 8 | read(0x5D) << 16).isEqualTo(2048 * 16);
    }

    @Test
    void plainBytesAreKeptOverReset() {
        write(0x40, 0x5A);
        rtc.reset();
        assertThat(read(0x40)).isEqualTo(0x5A);
    }

    @Test
    void everyAccessIsSurvived() {
        java.util.Random random = new java.util.Random(5);
        for (int i = 0; i < 50_000; i++) {
            write(random.nextInt(256), random.nextInt(256));
            read(random.nextInt(256));
            clock.advance(random.nextInt(1_000_000));
        }
    }

    @Test
    void stateSurvivesASnapshot() {
        write(0x40, 0x5A);
        write(4, 0x03);
        write(0x0B, 0x12);
        byte[] state = Snapshots.save(rtc);
        RecordingLine line = new RecordingLine();
        CmosRtc copy = new CmosRtc(clock, line, 1 << 30);
        Snapshots.load(copy, state);
        assertThat(Snapshots.save(copy)).isEqualTo(state);
        clock.advance(SECOND);
        assertThat(line.asserted()).isTrue();
    }
}
