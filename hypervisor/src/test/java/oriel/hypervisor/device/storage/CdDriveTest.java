package oriel.hypervisor.device.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.device.chipset.Snapshots;

class CdDriveTest {
    private static final int BLOCKS = 300;
    private static final int TABLE = 0x1000, BUFFER = 0x10000;
    private static final int NO_DISC = 0x23A00, CHANGED = 0x62800, WAS_RESET = 0x62900;

    private final TestDisc disc = new TestDisc(BLOCKS);
    private final TestDrive machine = new TestDrive(Optional.of(disc));

    @AfterEach
    void free() {
        machine.close();
    }

    private static void assertBlocks(byte[] data, long block, int count) {
        assertThat(data).hasSize(count * CdDrive.BLOCK);
        for (int i = 0; i < data.length; i++) {
            if (data[i] != TestDisc.at(block * CdDrive.BLOCK + i)) {
                throw new AssertionError("byte " + i + " is wrong");
            }
        }
    }

    @Test
    void showsTheSignatureOfAPacketDevice() {
        machine.io.writePort(0x376, 1, 4);
        machine.io.writePort(0x376, 1, 0);
        assertThat(machine.io.readPort(0x174, 1)).isEqualTo(0x14);
        assertThat(machine.io.readPort(0x175, 1)).isEqualTo(0xEB);
        assertThat(machine.status()).isZero();
        machine.io.writePort(0x177, 1, 0xEC);
        assertThat(machine.status() & TestDrive.FAILED).as("IDENTIFY DEVICE").isNotZero();
        assertThat(machine.io.readPort(0x171, 1)).isEqualTo(4);
    }

    @Test
    void otherDevicesAreAbsent() {
        machine.io.writePort(0x176, 1, 0xB0);
        assertThat(machine.io.readPort(0x177, 1)).isZero();
        assertThat(machine.io.readPort(0x176, 1)).isZero();
        machine.io.writePort(0x1F6, 1, 0xA0);
        assertThat(machine.io.readPort(0x1F7, 1)).isZero();
    }

    @Test
    void identifiesItself() {
        machine.io.writePort(0x176, 1, 0xA0);
        machine.io.writePort(0x177, 1, 0xA1);
        assertThat(machine.irq15).isTrue();
        byte[] identity = machine.takeData();
        assertThat(identity).hasSize(512).startsWith(0xC0, 0x85);
        byte[] model = new byte[12];
        for (int i = 0; i < model.length; i++) {
            model[i] = identity[54 + (i ^ 1)];
        }
        assertThat(new String(model, StandardCharsets.US_ASCII)).isEqualTo("ORIEL CD-ROM");
        assertThat(machine.irq15).as("reading the status ends it").isFalse();
    }

    @Test
    void tellsOfPowerOnOnceAndIsReady() {
        machine.command(0x00);
        assertThat(machine.status() & TestDrive.FAILED).isNotZero();
        assertThat(machine.sense()).isEqualTo(WAS_RESET);
        machine.command(0x00);
        assertThat(machine.status() & TestDrive.FAILED).isZero();
        assertThat(machine.sense()).isZero();
    }

    @Test
    void readsBlocksInRunsOfTheAskedLength() {
        machine.settle();
        machine.packet(false, 2048, 0x28, 0, 0, 0, 0, 7, 0, 0, 80);
        assertThat(machine.io.readPort(0x172, 1)).as("data in").isEqualTo(2);
        assertThat(machine.io.readPort(0x175, 1)).isEqualTo(8);
        assertBlocks(machine.takeData(), 7, 80);
        assertThat(machine.io.readPort(0x172, 1)).as("done").isEqualTo(3);
    }

    @Test
    void masterStopsWhereTheDataEnds() {
        machine.settle();
        machine.memory.write(TABLE, 4, BUFFER);
        machine.memory.write(TABLE + 4, 4, 2048);
        machine.memory.write(TABLE + 8, 4, BUFFER + 0x20000);
        machine.memory.write(TABLE + 12, 4, 0x80000000L | 8192);
        machine.memory.write(BUFFER + 0x20000 + 2048, 4, 0x7777);
        machine.io.writePort(TestDrive.MASTER_2 + 4, 4, TABLE);
        machine.io.writePort(TestDrive.MASTER_2, 1, 8);
        machine.io.writePort(TestDrive.MASTER_2 + 2, 1, 4);
        machine.packet(true, 0, 0xA8, 0, 0, 0, 0, 100, 0, 0, 0, 2);
        assertThat(machine.io.readPort(TestDrive.MASTER_2 + 2, 1) & 4)
                .as("nothing moves before the start")
                .isZero();
        machine.io.writePort(TestDrive.MASTER_2, 1, 9);
        byte[] data = new byte[2 * CdDrive.BLOCK];
        machine.memory.read(BUFFER, data, 0, 2048);
        machine.memory.read(BUFFER + 0x20000, data, 2048, 2048);
        assertBlocks(data, 100, 2);
        assertThat(machine.memory.read(BUFFER + 0x20000 + 2048, 4)).isEqualTo(0x7777);
        assertThat(machine.io.readPort(TestDrive.MASTER_2 + 2, 1) & 7)
                .as("active: the table is longer")
                .isEqualTo(4 | 1);
        assertThat(machine.irq15).isTrue();
    }

    @Test
    void masterMovesExactlyTheData() {
        machine.settle();
        machine.memory.write(TABLE, 4, BUFFER);
        machine.memory.write(TABLE + 4, 4, 0); // 64 KiB
        machine.memory.write(TABLE + 8, 4, BUFFER + 0x10000);
        machine.memory.write(TABLE + 12, 4, 0x80000000L | 6 * 2048);
        machine.io.writePort(TestDrive.MASTER_2 + 4, 4, TABLE);
        machine.io.writePort(TestDrive.MASTER_2, 1, 9);
        machine.packet(true, 0, 0x28, 0, 0, 0, 0, 10, 0, 0, 38);
        byte[] data = new byte[38 * CdDrive.BLOCK];
        machine.memory.read(BUFFER, data, 0, data.length);
        assertBlocks(data, 10, 38);
        assertThat(machine.io.readPort(TestDrive.MASTER_2 + 2, 1) & 7)
                .as("done, not active")
                .isEqualTo(4);
    }

    @Test
    void tableThatIsTooShortOrNowhereFailsTheCommand() {
        machine.settle();
        machine.memory.write(TABLE, 4, BUFFER);
        machine.memory.write(TABLE + 4, 4, 0x80000000L | 1024);
        machine.io.writePort(TestDrive.MASTER_2 + 4, 4, TABLE);
        machine.io.writePort(TestDrive.MASTER_2, 1, 9);
        machine.packet(true, 0, 0x28, 0, 0, 0, 0, 0, 0, 0, 1);
        assertThat(machine.io.readPort(TestDrive.MASTER_2 + 2, 1) & 3).isEqualTo(2);
        assertThat(machine.status() & TestDrive.FAILED).isNotZero();
        machine.io.writePort(TestDrive.MASTER_2, 1, 8);
        machine.io.writePort(TestDrive.MASTER_2 + 4, 4, 0xF000_0000);
        machine.io.writePort(TestDrive.MASTER_2, 1, 9);
        machine.packet(true, 0, 0x28, 0, 0, 0, 0, 0, 0, 0, 1);
        assertThat(machine.io.readPort(TestDrive.MASTER_2 + 2, 1) & 3).isEqualTo(2);
    }

    @Test
    void masterWaitsUntilTheGuestAllowsIt() {
        machine.settle();
        machine.pci.write(TestDrive.SLOT, 4, 2, 1);
        machine.memory.write(TABLE, 4, BUFFER);
        machine.memory.write(TABLE + 4, 4, 0x80000000L | 2048);
        machine.io.writePort(TestDrive.MASTER_2 + 4, 4, TABLE);
        machine.io.writePort(TestDrive.MASTER_2, 1, 9);
        machine.packet(true, 0, 0x28, 0, 0, 0, 0, 9, 0, 0, 1);
        assertThat(machine.memory.read(BUFFER, 8)).isZero();
        machine.pci.write(TestDrive.SLOT, 4, 2, 5);
        assertThat((byte) machine.memory.read(BUFFER + 1, 1)).isEqualTo(TestDisc.at(9 * CdDrive.BLOCK + 1));
    }

    @Test
    void blocksOutsideTheDiscAreRefused() {
        machine.settle();
        machine.command(0x28, 0, 0, 0, BLOCKS >> 8, BLOCKS & 0xFF, 0, 0, 1);
        assertThat(machine.sense()).isEqualTo(0x52100);
        machine.command(0xA8, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF);
        assertThat(machine.sense()).isEqualTo(0x52100);
    }

    @Test
    void whatTheHostCannotReadIsAMediumError() {
        machine.settle();
        disc.broken = true;
        machine.command(0x28, 0, 0, 0, 0, 0, 0, 0, 1);
        assertThat(machine.sense()).isEqualTo(0x31100);
    }

    @Test
    void discsComeAndGo() {
        machine.settle();
        assertThat(machine.drive.eject(false)).isTrue();
        assertThat(machine.drive.remove()).contains(disc);
        machine.command(0x00);
        assertThat(machine.sense()).isEqualTo(NO_DISC);
        assertThat(machine.command(0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8)).containsExactly(0, 6, 4, 0x10, 3, 1, 0, 0);
        TestDisc next = new TestDisc(40);
        assertThat(machine.drive.insert(next)).isEmpty();
        assertThat(machine.command(0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8)).containsExactly(0, 6, 4, 0x10, 2, 2, 0, 0);
        machine.command(0x00);
        assertThat(machine.sense()).isEqualTo(CHANGED);
        machine.command(0x00);
        assertThat(machine.status() & TestDrive.FAILED).isZero();
        assertThat(machine.command(0x25)).containsExactly(0, 0, 0, 39, 0, 0, 8, 0);
    }

    @Test
    void guestThatLockedTheTrayIsAskedFirst() {
        machine.settle();
        machine.command(0x1E, 0, 0, 0, 1);
        machine.command(0x1B, 0, 0, 0, 2);
        assertThat(machine.sense()).isEqualTo(0x55302);
        assertThat(machine.drive.eject(false)).isFalse();
        assertThat(machine.command(0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8)[4]).isEqualTo((byte) 1);
        machine.command(0x1E);
        machine.command(0x1B, 0, 0, 0, 2);
        machine.command(0x00);
        assertThat(machine.sense()).as("the tray is open").isEqualTo(NO_DISC);
        machine.command(0x1B, 0, 0, 0, 3);
        assertThat(machine.sense()).isEqualTo(CHANGED);
        machine.command(0x1E, 0, 0, 0, 1);
        assertThat(machine.drive.eject(true)).isTrue();
    }

    @Test
    void discTakenWhileItIsReadFailsTheCommand() {
        machine.settle();
        machine.io.writePort(0x177, 1, 0xA0);
        for (int word : new int[] {0x28, 0, 0, 0, 1, 0}) { // READ (10) of one block
            machine.io.writePort(0x170, 2, word);
        }
        assertThat(machine.status() & TestDrive.BUSY).isNotZero();
        machine.work.remove().run();
        machine.drive.eject(true);
        assertThat(machine.drive.remove()).contains(disc);
        machine.runTasks();
        assertThat(machine.status() & (TestDrive.BUSY | TestDrive.REQUEST)).isZero();
        assertThat(machine.status() & TestDrive.FAILED).isNotZero();
        assertThat(machine.sense()).isEqualTo(NO_DISC);
    }

    @Test
    void tableOfContentsHasOneDataTrack() {
        machine.settle();
        assertThat(machine.command(0x43, 0, 0, 0, 0, 0, 1, 0, 20))
                .containsExactly(0, 18, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0, 0, 0x14, 0xAA, 0, 0, 0, 1, 44);
        assertThat(machine.command(0x43, 2, 0, 0, 0, 0, 0xAA, 0, 12))
                .as("in minutes: 300 blocks and two seconds are six seconds")
                .containsExactly(0, 10, 1, 1, 0, 0x14, 0xAA, 0, 0, 0, 6, 0);
        machine.command(0x43, 0, 0, 0, 0, 0, 5, 0, 12);
        assertThat(machine.sense()).isEqualTo(0x52400);
    }

    @Test
    void repliesAreCutToTheirAllocation() {
        machine.settle();
        assertThat(machine.command(0x12, 0, 0, 0, 5)).containsExactly(5, 0x80, 0, 0x21, 31);
        assertThat(machine.command(0x12, 0, 0, 0, 255)).hasSize(36);
        assertThat(machine.command(0x46, 0, 0, 0, 0, 0, 0, 0, 8)).hasSize(8);
        assertThat(machine.command(0x5A, 0, 0x2A, 0, 0, 0, 0, 1, 0)).hasSize(28);
        machine.command(0x77);
        assertThat(machine.sense()).isEqualTo(0x52000);
    }

    @Test
    void transferGoesOnFromASavedState() {
        machine.settle();
        machine.packet(false, 2048, 0x28, 0, 0, 0, 0, 3, 0, 0, 40);
        byte[] start = new byte[100];
        for (int i = 0; i < start.length; i += 2) {
            int word = machine.io.readPort(0x170, 2);
            start[i] = (byte) word;
            start[i + 1] = (byte) (word >> 8);
        }
        machine.controller.quiesce();
        byte[] state = Snapshots.save(machine.controller);
        try (TestDrive other = new TestDrive(Optional.of(new TestDisc(BLOCKS)))) {
            Snapshots.load(other.controller, state);
            byte[] all = new byte[40 * CdDrive.BLOCK];
            System.arraycopy(start, 0, all, 0, start.length);
            for (int i = start.length; i < all.length; i += 2) {
                int word = other.io.readPort(0x170, 2);
                all[i] = (byte) word;
                all[i + 1] = (byte) (word >> 8);
                other.runTasks();
            }
            assertBlocks(all, 3, 40);
            assertThat(other.status() & TestDrive.REQUEST).isZero();
        }
        try (TestDrive other = new TestDrive(Optional.empty())) {
            Snapshots.load(other.controller, state);
            other.takeData();
            assertThat(other.sense()).as("the disc is gone").isEqualTo(CHANGED);
        }
    }

    @Test
    void everyAccessIsSurvived() {
        Random random = new Random(29);
        int[] interesting = {0x00, 0x03, 0x12, 0x1B, 0x1E, 0x25, 0x28, 0xA8, 0xBE, 0x43, 0x46, 0x4A, 0x51, 0x5A, 0xBD};
        for (int i = 0; i < 40_000; i++) {
            switch (random.nextInt(12)) {
                case 0 -> {
                    int[] packet = new int[12];
                    packet[0] = interesting[random.nextInt(interesting.length)];
                    for (int j = 1; j < 12; j++) {
                        packet[j] = random.nextInt(3) == 0 ? random.nextInt(256) : 0;
                    }
                    machine.packet(random.nextBoolean(), random.nextInt(0x10000), packet);
                }
                case 1 -> machine.io.writePort(TestDrive.MASTER_2 + random.nextInt(8), 1, random.nextInt());
                case 2 -> machine.io.writePort(TestDrive.MASTER_2 + 4, 4, random.nextInt(0x30_0000));
                case 3 -> machine.io.readPort(TestDrive.MASTER + random.nextInt(16), 1);
                case 4 -> machine.memory.write(random.nextInt(0x1F_FFF8), 8, random.nextLong());
                case 5 -> machine.io.writePort(0x177, 1, random.nextInt());
                case 6 -> machine.io.writePort(0x376, 1, random.nextInt(8));
                case 7 -> {
                    if (random.nextInt(50) == 0) {
                        machine.drive.eject(random.nextBoolean());
                        machine.drive.insert(new TestDisc(1 + random.nextInt(500)));
                    }
                }
                case 8 -> machine.runTasks();
                case 9 -> machine.io.writePort(0x170 + random.nextInt(8), 1 << random.nextInt(3), random.nextInt());
                default -> machine.io.readPort(0x170 + random.nextInt(8), 1 << random.nextInt(3));
            }
        }
        machine.controller.reset();
        machine.drive.insert(disc);
        machine.runTasks();
        machine.settle();
        assertBlocks(machine.command(0x28, 0, 0, 0, 0, 5, 0, 0, 2), 5, 2);
    }
}
