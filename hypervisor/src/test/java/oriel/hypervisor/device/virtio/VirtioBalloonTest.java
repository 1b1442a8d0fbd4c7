package oriel.hypervisor.device.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.device.virtio.FakeDriver.Part;
import oriel.hypervisor.device.virtio.VirtioBalloon.Statistic;

class VirtioBalloonTest {
    private static final int INFLATE = 0;
    private static final int STATISTICS = 2;
    private static final int REPORTING = 3;
    private static final long PAGE = 4096;
    private static final long SOMEWHERE = 0x80_0000;

    private final VirtioBalloon balloon = new VirtioBalloon("balloon");
    private final TestMachine machine = new TestMachine(balloon);
    private final FakeDriver driver = new FakeDriver(machine).start();

    @AfterEach
    void stop() {
        machine.close();
    }

    private void fill(long page) {
        machine.memory.write(page, 8, 0x1122334455667788L);
        machine.memory.write(page + PAGE - 8, 8, 0x99L);
    }

    private boolean isZero(long page) {
        return machine.memory.read(page, 8) == 0 && machine.memory.read(page + PAGE - 8, 8) == 0;
    }

    @Test
    void theGuestLearnsTheTargetAndSaysWhatItGave() {
        balloon.target(64 << 20);
        assertThat(driver.deviceConfig(0, 4)).isEqualTo(64 << 8);
        assertThat(machine.line).as("configuration interrupt").isTrue();
        driver.setDeviceConfig(4, 0x10);
        driver.setDeviceConfig(0, 0xFF);
        assertThat(balloon.ballooned()).isEqualTo(16 * PAGE);
        assertThat(driver.deviceConfig(0, 4))
                .as("the target isn't the guest's to write")
                .isEqualTo(64 << 8);
    }

    @Test
    void pagesInTheBalloonGoBackToTheHost() {
        byte[] numbers = new byte[8];
        LittleEndian.put32(numbers, 0, (int) (SOMEWHERE >> 12));
        LittleEndian.put32(numbers, 4, (int) (SOMEWHERE >> 12) + 2);
        for (int i = 0; i < 3; i++) {
            fill(SOMEWHERE + i * PAGE);
        }
        driver.ring(INFLATE).add(new Part(driver.buffer(numbers), 8, false));
        driver.kick(INFLATE);
        assertThat(driver.ring(INFLATE).takeUsed()).hasSize(1);
        assertThat(isZero(SOMEWHERE)).isTrue();
        assertThat(isZero(SOMEWHERE + PAGE)).as("not given").isFalse();
        assertThat(isZero(SOMEWHERE + 2 * PAGE)).isTrue();
    }

    @Test
    void reportedRangesGoBackInWholePagesOnly() {
        for (int i = 0; i < 4; i++) {
            fill(SOMEWHERE + i * PAGE);
        }
        driver.ring(REPORTING).add(new Part(SOMEWHERE + 8, (int) (3 * PAGE), true));
        driver.kick(REPORTING);
        assertThat(driver.ring(REPORTING).takeUsed()).hasSize(1);
        assertThat(isZero(SOMEWHERE)).isFalse();
        assertThat(isZero(SOMEWHERE + PAGE)).isTrue();
        assertThat(isZero(SOMEWHERE + 2 * PAGE)).isTrue();
        assertThat(isZero(SOMEWHERE + 3 * PAGE)).isFalse();
    }

    @Test
    void whatIsNoMemoryIsLeftAlone() {
        driver.ring(REPORTING).add(new Part(0xE000_0000L, 1 << 21, true), new Part(-4096L, -1, true));
        driver.kick(REPORTING);
        byte[] numbers = new byte[4];
        LittleEndian.put32(numbers, 0, -1);
        driver.ring(INFLATE).add(new Part(driver.buffer(numbers), 4, false));
        driver.kick(INFLATE);
        assertThat(driver.needsReset()).isFalse();
    }

    @Test
    void statisticsComeWhenAsked() {
        assertThat(balloon.statistic(Statistic.FREE)).isEqualTo(-1);
        byte[] values = new byte[30];
        LittleEndian.put16(values, 0, 4);
        LittleEndian.put64(values, 2, 123 << 20);
        LittleEndian.put16(values, 10, 5);
        LittleEndian.put64(values, 12, 512 << 20);
        LittleEndian.put16(values, 20, 999);
        driver.ring(STATISTICS).add(new Part(driver.buffer(values), 30, false));
        driver.kick(STATISTICS);
        assertThat(driver.ring(STATISTICS).takeUsed())
                .as("held until somebody asks")
                .isEmpty();
        assertThat(balloon.statistic(Statistic.FREE)).isEqualTo(123 << 20);
        assertThat(balloon.statistic(Statistic.TOTAL)).isEqualTo(512 << 20);
        balloon.refreshStatistics();
        assertThat(driver.ring(STATISTICS).takeUsed()).hasSize(1);
    }

    @Test
    void aSnapshotKeepsTheSizes() {
        balloon.target(PAGE * 7);
        driver.setDeviceConfig(4, 5);
        StateWriter out = new StateWriter();
        machine.function.quiesce();
        machine.function.save(out);
        machine.function.reset();
        assertThat(balloon.ballooned()).isZero();
        machine.function.load(new StateReader("balloon", out.toByteArray()));
        assertThat(balloon.ballooned()).isEqualTo(5 * PAGE);
        assertThat(driver.deviceConfig(0, 4)).isEqualTo(7);
    }
}
