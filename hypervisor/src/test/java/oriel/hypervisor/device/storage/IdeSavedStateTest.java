package oriel.hypervisor.device.storage;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static oriel.hypervisor.device.storage.AtaGuest.MASTER;
import static oriel.hypervisor.device.storage.AtaGuest.READY;
import static oriel.hypervisor.device.storage.AtaGuest.REQUEST;
import static oriel.hypervisor.device.storage.AtaGuest.SECTOR;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import oriel.hypervisor.bus.StateException;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.device.chipset.Snapshots;
import oriel.hypervisor.disk.DiskFormat;
import oriel.hypervisor.disk.DiskImage;
import oriel.hypervisor.disk.DiskImages;

/**
 * A machine is saved while its IDE disk is at work, its disk frozen at the same moment as {@code oriel vm} does; another
 * machine goes on from there on an overlay.
 */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class IdeSavedStateTest {
    private static final int SECTORS = 8192;

    @TempDir
    private Path folder;

    private final byte[] content = random(SECTORS, 1);
    private final ExecutorService worker = Executors.newSingleThreadExecutor();
    private Path file;
    private DiskImage disk;

    @BeforeEach
    void disk() {
        file = folder.resolve("disk.qcow2");
        DiskImages.createQcow2(file, (long) SECTORS * SECTOR);
        disk = open(file);
        disk.write(0, ByteBuffer.wrap(content));
    }

    @AfterEach
    void close() {
        worker.close();
        disk.close();
    }

    private static byte[] random(int sectors, int seed) {
        byte[] data = new byte[sectors * SECTOR];
        new Random(seed).nextBytes(data);
        return data;
    }

    private static DiskImage open(Path path) {
        return DiskImages.open(path, Optional.of(DiskFormat.QCOW2), false);
    }

    private byte[] sectors(int from, int count) {
        return Arrays.copyOfRange(content, from * SECTOR, (from + count) * SECTOR);
    }

    private static byte[] read(DiskImage image, int from, int count) {
        byte[] data = new byte[count * SECTOR];
        image.read((long) from * SECTOR, ByteBuffer.wrap(data));
        return data;
    }

    private static byte[] memory(AtaGuest guest, int address, int length) {
        byte[] data = new byte[length];
        guest.memory.read(address, data, 0, length);
        return data;
    }

    /** As a machine that is saved: what the host does is waited for, then state, memory and disk are frozen. */
    private AtaGuest saveAndGoOn(AtaGuest before) {
        before.controller.quiesce();
        byte[] state = before.save();
        disk.close();
        Path overlay = folder.resolve("overlay.qcow2");
        DiskImages.createOverlay(overlay, file, DiskFormat.QCOW2);
        disk = open(overlay);
        AtaGuest after = new AtaGuest(disk, worker);
        byte[] ram = memory(before, 0, (int) before.memory.ramSize());
        after.memory.write(0, ram, 0, ram.length);
        after.controller.load(new StateReader("ide", state));
        return after;
    }

    /** Until the drive isn't busy, as a driver polls. */
    private static void settle(AtaGuest guest) {
        guest.controller.quiesce();
        assertThat(guest.status() & AtaGuest.BUSY).isZero();
    }

    private void checkWithQemu() throws IOException, InterruptedException {
        disk.close();
        for (String name : new String[] {"disk.qcow2", "overlay.qcow2"}) {
            Process check = new ProcessBuilder(
                            "qemu-img", "check", "-q", folder.resolve(name).toString())
                    .redirectErrorStream(true)
                    .start();
            String said = new String(check.getInputStream().readAllBytes(), UTF_8);
            assertThat(check.waitFor()).as(name + ": " + said).isZero();
        }
    }

    private static void requireQemuImg() {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/qemu-img")), "needs qemu-img (Debian package qemu-utils)");
    }

    @Test
    void programmedReadGoesOnWithTheNextWord() {
        byte[] whole = new byte[200 * SECTOR];
        int taken = 130 * SECTOR + 100; // within the second piece
        try (AtaGuest before = new AtaGuest(disk, worker)) {
            before.address28(40, 200);
            before.command(0x20);
            for (int at = 0; at < taken; ) {
                settle(before);
                assertThat(before.status()).isEqualTo(READY | REQUEST);
                int part = Math.min(SECTOR, taken - at);
                System.arraycopy(before.takeWords(part), 0, whole, at, part);
                at += part;
            }
            try (AtaGuest after = saveAndGoOn(before)) {
                for (int at = taken; at < whole.length; ) {
                    settle(after);
                    assertThat(after.status()).isEqualTo(READY | REQUEST);
                    int part = SECTOR - at % SECTOR;
                    System.arraycopy(after.takeWords(part), 0, whole, at, part);
                    at += part;
                }
                assertThat(after.status()).isEqualTo(READY);
            }
        }
        assertThat(whole).isEqualTo(sectors(40, 200));
    }

    @Test
    void programmedWriteGoesOnWithTheNextWord() throws Exception {
        requireQemuImg();
        byte[] data = random(40, 2);
        int given = 17 * SECTOR + 34;
        try (AtaGuest before = new AtaGuest(disk, worker)) {
            before.address28(3000, 40);
            before.command(0x30);
            for (int at = 0; at < given; at += SECTOR) {
                settle(before);
                before.giveWords(data, at, Math.min(at + SECTOR, given));
            }
            try (AtaGuest after = saveAndGoOn(before)) {
                assertThat(read(disk, 3000, 17))
                        .as("what was given before")
                        .isEqualTo(Arrays.copyOf(data, 17 * SECTOR));
                assertThat(read(disk, 3017, 23)).as("what wasn't").isEqualTo(sectors(3017, 23));
                for (int at = given; at < data.length; ) {
                    settle(after);
                    int end = (at / SECTOR + 1) * SECTOR;
                    after.giveWords(data, at, end);
                    at = end;
                }
                settle(after);
                assertThat(after.status()).isEqualTo(READY);
            }
        }
        assertThat(read(disk, 3000, 40)).isEqualTo(data);
        checkWithQemu();
    }

    /** The worker waits for the test: the command is under way when the machine is to be saved. */
    private AutoCloseable held() {
        CountDownLatch go = new CountDownLatch(1);
        worker.execute(() -> {
            try {
                go.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        return go::countDown;
    }

    @Test
    void dmaThatIsUnderWayIsDoneBeforeTheSave() throws Exception {
        requireQemuImg();
        byte[] data = random(300, 3);
        try (AtaGuest before = new AtaGuest(disk, worker)) {
            AutoCloseable held = held();
            before.memory.write(0x10_0000, data, 0, data.length);
            before.address48(5000, 300);
            before.command(0x35); // WRITE DMA EXT
            before.master(false, 0x10_0000, 0x1_0000, 0x11_0000, 0x1_0000, 0x12_0000, data.length - 0x2_0000);
            assertThat(before.status() & AtaGuest.BUSY).isNotZero();
            held.close();
            try (AtaGuest after = saveAndGoOn(before)) {
                assertThat(after.irq14)
                        .as("the interrupt that the driver waits for")
                        .isTrue();
                assertThat(after.io.readPort(MASTER + 2, 1) & 7).isEqualTo(4);
                assertThat(after.status()).isEqualTo(READY);
                assertThat(read(disk, 5000, 300)).isEqualTo(data);
            }
        }
        checkWithQemu();
    }

    @Test
    void dmaReadThatIsUnderWayIsInTheSavedMemory() throws Exception {
        try (AtaGuest before = new AtaGuest(disk, worker)) {
            AutoCloseable held = held();
            before.address48(100, 260);
            before.command(0x25); // READ DMA EXT
            before.master(true, 0x10_0000, 0x1_0000, 0x20_0000, 0x1_0000, 0x30_0000, 260 * SECTOR - 0x2_0000);
            held.close();
            try (AtaGuest after = saveAndGoOn(before)) {
                assertThat(after.status()).isEqualTo(READY);
                assertThat(memory(after, 0x10_0000, 0x1_0000)).isEqualTo(sectors(100, 128));
                assertThat(memory(after, 0x20_0000, 0x1_0000)).isEqualTo(sectors(228, 128));
                assertThat(memory(after, 0x30_0000, 4 * SECTOR)).isEqualTo(sectors(356, 4));
            }
        }
    }

    @Test
    void dmaWhoseBusMasterWasntStartedYetGoesOnInTheOtherMachine() throws Exception {
        requireQemuImg();
        byte[] data = random(200, 4);
        try (AtaGuest before = new AtaGuest(disk, worker)) {
            before.address48(1000, 200);
            before.command(0x25);
            try (AtaGuest reading = saveAndGoOn(before)) {
                reading.master(true, 0x10_0000, 0x1_0000, 0x11_0000, 200 * SECTOR - 0x1_0000);
                settle(reading);
                assertThat(memory(reading, 0x10_0000, 200 * SECTOR)).isEqualTo(sectors(1000, 200));
                reading.io.writePort(MASTER, 1, 0);
                reading.memory.write(0x10_0000, data, 0, data.length);
                reading.address48(1000, 200);
                reading.command(0x35);
                byte[] state = reading.save();
                reading.controller.reset();
                reading.controller.load(new StateReader("ide", state));
                reading.master(false, 0x10_0000, 0x1_0000, 0x11_0000, data.length - 0x1_0000);
                settle(reading);
                assertThat(reading.status()).isEqualTo(READY);
            }
        }
        assertThat(read(disk, 1000, 200)).isEqualTo(data);
        checkWithQemu();
    }

    @Test
    void machineWithOtherDrivesIsRefused() {
        try (AtaGuest disks = new AtaGuest(disk, worker);
                TestDrive cd = new TestDrive(Optional.empty())) {
            byte[] saved = disks.save();
            assertThatThrownBy(() -> cd.controller.load(new StateReader("ide", saved)))
                    .isInstanceOf(StateException.class)
                    .hasMessageContaining("had a disk on IDE, this one has a CD drive");
        }
    }

    /** What version 3 begins its own part with: the version, and a byte for the drives. */
    private static byte[] ofVersion(int version, byte[] now, int... drives) {
        int own = 2 + 4 + 256 + 1; // PCI's version, the configuration space and its length, the line
        assertThat(ByteBuffer.wrap(now).getShort(own)).isEqualTo((short) 3);
        ByteBuffer older = ByteBuffer.allocate(now.length - 1 + drives.length);
        older.put(now, 0, own).putShort((short) version);
        for (int drive : drives) {
            older.put((byte) drive);
        }
        return older.put(now, own + 3, now.length - own - 3).array();
    }

    @Test
    void statesOfOlderVersionsAreRead() throws Exception {
        byte[] block = new byte[] {0x28, 0, 0, 0, 0, 3, 0, 0, 1, 0}; // READ (10) of block 3
        for (int version : new int[] {1, 2}) {
            try (TestDrive before = new TestDrive(Optional.of(new TestDisc(16)));
                    TestDrive after = new TestDrive(Optional.of(new TestDisc(16)))) {
                before.settle();
                int[] packet = new int[block.length];
                Arrays.setAll(packet, i -> block[i]);
                before.packet(false, 0xFFFE, packet);
                byte[] now = Snapshots.save(before.controller);
                byte[] older = version == 1 ? ofVersion(1, now) : ofVersion(2, now, 1);
                after.controller.load(new StateReader("ide", older));
                assertThat(after.takeData()).as("version " + version).isEqualTo(before.takeData());
            }
        }
        try (TestDrive drive = new TestDrive(Optional.empty())) {
            byte[] newer = ofVersion(4, Snapshots.save(drive.controller), 2);
            assertThatThrownBy(() -> drive.controller.load(new StateReader("ide", newer)))
                    .isInstanceOf(StateException.class)
                    .hasMessageContaining("version 4; this build reads 1 to 3");
        }
        try (AtaGuest guest = new AtaGuest(disk, worker)) {
            byte[] first = ofVersion(1, guest.save());
            assertThatThrownBy(() -> guest.controller.load(new StateReader("ide", first)))
                    .isInstanceOf(StateException.class)
                    .hasMessageContaining("had a CD drive on IDE, this one has a disk");
        }
    }
}
