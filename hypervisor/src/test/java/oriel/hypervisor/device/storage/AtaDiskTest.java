package oriel.hypervisor.device.storage;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static oriel.hypervisor.device.storage.AtaGuest.CONTROL;
import static oriel.hypervisor.device.storage.AtaGuest.COUNT;
import static oriel.hypervisor.device.storage.AtaGuest.DATA;
import static oriel.hypervisor.device.storage.AtaGuest.DEVICE;
import static oriel.hypervisor.device.storage.AtaGuest.FAILED;
import static oriel.hypervisor.device.storage.AtaGuest.HIGH;
import static oriel.hypervisor.device.storage.AtaGuest.LOW;
import static oriel.hypervisor.device.storage.AtaGuest.MASTER;
import static oriel.hypervisor.device.storage.AtaGuest.MIDDLE;
import static oriel.hypervisor.device.storage.AtaGuest.READY;
import static oriel.hypervisor.device.storage.AtaGuest.REQUEST;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.StateException;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.disk.DiskException;
import oriel.hypervisor.disk.DiskImage;
import oriel.hypervisor.memory.GuestMemory;

/** The disk as drivers use it; the worker is done at once, the machine is the test's thread. */
class AtaDiskTest {
    private static final int SECTOR = 512, SECTORS = 70_000;

    /** A disk in memory. */
    private static final class MemoryImage implements DiskImage {
        final byte[] bytes = new byte[SECTORS * SECTOR];
        int flushes;
        boolean broken;

        @Override
        public long size() {
            return bytes.length;
        }

        @Override
        public boolean readOnly() {
            return false;
        }

        private void check() {
            if (broken) {
                throw new DiskException("broken");
            }
        }

        @Override
        public void read(long offset, ByteBuffer to) {
            check();
            to.put(bytes, (int) offset, to.remaining());
        }

        @Override
        public void write(long offset, ByteBuffer from) {
            check();
            from.get(bytes, (int) offset, from.remaining());
        }

        @Override
        public void writeZeroes(long offset, long length) {
            Arrays.fill(bytes, (int) offset, (int) (offset + length), (byte) 0);
        }

        @Override
        public void discard(long offset, long length) {}

        @Override
        public void flush() {
            check();
            flushes++;
        }

        @Override
        public void close() {}
    }

    private final MemoryImage image = new MemoryImage();
    private final AtaGuest guest = new AtaGuest(image, Runnable::run);
    private final GuestMemory memory = guest.memory;
    private final IoBus io = guest.io;
    private final IdeController controller = guest.controller;

    AtaDiskTest() {
        new Random(1).nextBytes(image.bytes);
    }

    @AfterEach
    void close() {
        guest.close();
    }

    private byte[] content(long sector, int count) {
        return Arrays.copyOfRange(image.bytes, (int) sector * SECTOR, (int) (sector + count) * SECTOR);
    }

    private static byte[] random(int sectors) {
        byte[] data = new byte[sectors * SECTOR];
        new Random(sectors).nextBytes(data);
        return data;
    }

    @Test
    void identityNamesModelSerialAndSize() {
        io.writePort(DEVICE, 1, 0xA0);
        guest.command(0xEC);
        byte[] words = guest.take(1, 1);
        ByteBuffer swapped = ByteBuffer.allocate(512);
        for (int i = 0; i < 512; i += 2) {
            swapped.put(words[i + 1]).put(words[i]);
        }
        assertThat(new String(swapped.array(), 54, 40, US_ASCII).strip()).isEqualTo("ORIEL DISK");
        assertThat(new String(swapped.array(), 20, 20, US_ASCII).strip()).isEqualTo("S1");
        assertThat(swapped.getShort(120) & 0xFFFF | (swapped.getShort(122) & 0xFFFF) << 16)
                .isEqualTo(SECTORS);
        assertThat(swapped.getShort(200) & 0xFFFF | (swapped.getShort(202) & 0xFFFF) << 16)
                .isEqualTo(SECTORS);
    }

    @Test
    void sectorsAreReadOneAtATimeOrSeveral() {
        guest.address28(5, 3);
        guest.command(0x20);
        assertThat(guest.take(3, 1)).isEqualTo(content(5, 3));
        io.writePort(COUNT, 1, 8);
        guest.command(0xC6);
        guest.address28(100, 200); // more than a piece
        guest.command(0xC4);
        assertThat(guest.take(200, 8)).isEqualTo(content(100, 200));
        guest.address28(7, 0); // 256
        guest.command(0x20);
        assertThat(guest.take(256, 1)).isEqualTo(content(7, 256));
        guest.address48(69_000, 600);
        guest.command(0x29);
        assertThat(guest.take(600, 8)).isEqualTo(content(69_000, 600));
    }

    @Test
    void cylindersHeadsAndSectorsAreAnAddressToo() {
        io.writePort(DEVICE, 1, 0xA0 | 3); // head 3
        io.writePort(COUNT, 1, 1);
        io.writePort(LOW, 1, 7); // from 1
        io.writePort(MIDDLE, 1, 2);
        io.writePort(HIGH, 1, 0);
        guest.command(0x20);
        assertThat(guest.take(1, 1)).isEqualTo(content((2 * 16 + 3) * 63 + 6, 1));
        io.writePort(LOW, 1, 0);
        guest.command(0x20);
        assertThat(guest.status() & FAILED).isEqualTo(FAILED);
    }

    @Test
    void sectorsAreWritten() {
        byte[] data = random(5);
        guest.address28(11, 5);
        guest.command(0x30);
        guest.give(data, 1);
        assertThat(content(11, 5)).isEqualTo(data);
        byte[] more = random(300);
        guest.address48(50_000, 300);
        guest.command(0x39);
        guest.give(more, 16);
        assertThat(content(50_000, 300)).isEqualTo(more);
        assertThat(image.flushes).isZero();
        guest.command(0xE7);
        assertThat(image.flushes).isEqualTo(1);
        assertThat(guest.status()).isEqualTo(READY);
    }

    @Test
    void withoutTheWriteCacheEachWriteIsDurable() {
        io.writePort(0x1F1, 1, 0x82);
        guest.command(0xEF);
        assertThat(image.flushes).isEqualTo(1);
        guest.address28(11, 2);
        guest.command(0x30);
        guest.give(random(2), 1);
        assertThat(image.flushes).isEqualTo(3);
    }

    @Test
    void dmaMovesBothWays() {
        guest.address48(1000, 300);
        guest.command(0x25);
        guest.master(true, 0x10_0000, 0x8000, 0x20_0000, 0x1_0000, 0x30_0000, 300 * SECTOR - 0x1_8000);
        byte[] read = new byte[300 * SECTOR];
        memory.read(0x10_0000, read, 0, 0x8000);
        memory.read(0x20_0000, read, 0x8000, 0x1_0000);
        memory.read(0x30_0000, read, 0x1_8000, read.length - 0x1_8000);
        assertThat(read).isEqualTo(content(1000, 300));
        assertThat(io.readPort(MASTER + 2, 1) & 7)
                .as("interrupt, no error, not active")
                .isEqualTo(4);
        assertThat(guest.irq14).isTrue();
        assertThat(guest.status()).isEqualTo(READY);

        io.writePort(MASTER, 1, 0);
        byte[] data = random(130);
        memory.write(0x10_0000, data, 0, 0x1_0000);
        memory.write(0x20_0000, data, 0x1_0000, data.length - 0x1_0000);
        guest.address28(2000, 130);
        guest.command(0xCA);
        guest.master(false, 0x10_0000, 0x1_0000, 0x20_0000, data.length - 0x1_0000);
        assertThat(content(2000, 130)).isEqualTo(data);
        assertThat(io.readPort(MASTER + 2, 1) & 7).isEqualTo(4);
    }

    @Test
    void aTableThatIsTooShortOrOutsideMemoryFails() {
        guest.address28(0, 8);
        guest.command(0xC8);
        guest.master(true, 0x10_0000, 7 * SECTOR);
        assertThat(guest.status() & FAILED).isEqualTo(FAILED);
        assertThat(io.readPort(MASTER + 2, 1) & 3).isEqualTo(2);
        io.writePort(MASTER, 1, 0);
        guest.address28(0, 8);
        guest.command(0xCA);
        guest.master(false, 0x7FFF_0000, 8 * SECTOR);
        assertThat(guest.status() & FAILED).isEqualTo(FAILED);
        io.writePort(MASTER, 1, 0);
        byte[] before = content(0, 8);
        guest.address28(0, 8);
        guest.command(0xCA);
        guest.master(true, 0x10_0000, 8 * SECTOR); // the other way
        assertThat(guest.status() & FAILED).isEqualTo(FAILED);
        assertThat(content(0, 8)).isEqualTo(before);
    }

    @Test
    void whatIsOutsideTheDiskIsRefused() {
        guest.address28(SECTORS - 2, 3);
        guest.command(0x20);
        assertThat(guest.status() & FAILED).isEqualTo(FAILED);
        assertThat(io.readPort(0x1F1, 1)).as("ID not found").isEqualTo(0x10);
        guest.address48(0xFFFF_FFFF_FFFFL, 1);
        guest.command(0x35);
        assertThat(guest.status() & FAILED).isEqualTo(FAILED);
        guest.address28(SECTORS - 2, 2);
        guest.command(0x20);
        assertThat(guest.take(2, 1)).isEqualTo(content(SECTORS - 2, 2));
    }

    @Test
    void aHostThatFailsIsAFaultyDisk() {
        image.broken = true;
        guest.address28(3, 1);
        guest.command(0x20);
        assertThat(guest.status() & FAILED).isEqualTo(FAILED);
        assertThat(io.readPort(0x1F1, 1)).as("uncorrectable").isEqualTo(0x40);
        guest.address28(3, 1);
        guest.command(0x30);
        for (int i = 0; i < SECTOR; i += 2) {
            io.writePort(DATA, 2, 0);
        }
        guest.runTasks();
        assertThat(guest.status() & 0x21).as("device fault").isEqualTo(0x21);
        guest.command(0xE7);
        assertThat(guest.status() & FAILED).isEqualTo(FAILED);
        image.broken = false;
        guest.address28(3, 1);
        guest.command(0x20);
        assertThat(guest.take(1, 1)).isEqualTo(content(3, 1));
    }

    @Test
    void aResetShowsWhatItIs() {
        guest.address28(3, 2);
        guest.command(0x20);
        io.writePort(CONTROL, 1, 4);
        io.writePort(CONTROL, 1, 0);
        assertThat(guest.status()).isEqualTo(READY);
        assertThat(io.readPort(MIDDLE, 1) | io.readPort(HIGH, 1) << 8)
                .as("no packets")
                .isZero();
        assertThat(io.readPort(COUNT, 1)).isEqualTo(1);
        guest.command(0xA1); // IDENTIFY PACKET DEVICE
        assertThat(guest.status() & FAILED).isEqualTo(FAILED);
        io.writePort(DEVICE, 1, 0xF0);
        assertThat(guest.status()).as("there is no second drive").isZero();
    }

    @Test
    void registersOf48BitAddressesAreTwoDeep() {
        guest.address48(0x12_3456_789AL, 1);
        assertThat(io.readPort(LOW, 1)).isEqualTo(0x9A);
        io.writePort(CONTROL, 1, 0x80);
        assertThat(io.readPort(LOW, 1)).isEqualTo(0x34);
        assertThat(io.readPort(MIDDLE, 1)).isEqualTo(0x12);
        io.writePort(DEVICE, 1, 0xE0);
        assertThat(io.readPort(LOW, 1)).as("a write ends it").isEqualTo(0x9A);
        io.writePort(DEVICE, 1, 0xE0);
        guest.command(0x27);
        assertThat(io.readPort(LOW, 1) | io.readPort(MIDDLE, 1) << 8 | io.readPort(HIGH, 1) << 16)
                .isEqualTo(SECTORS - 1);
    }

    @Test
    void aTransferGoesOnAfterARestore() {
        guest.address28(40, 2);
        guest.command(0x20);
        assertThat(guest.status()).isEqualTo(READY | REQUEST);
        for (int i = 0; i < 100; i++) {
            io.readPort(DATA, 2);
        }
        byte[] saved = guest.save();
        controller.reset();
        controller.load(new StateReader("ide", saved));
        ByteBuffer rest = ByteBuffer.allocate(2 * SECTOR - 200);
        for (int i = 200; i < SECTOR; i += 2) {
            rest.putShort(Short.reverseBytes((short) io.readPort(DATA, 2)));
        }
        assertThat(guest.status()).isEqualTo(READY | REQUEST);
        for (int i = 0; i < SECTOR; i += 2) {
            rest.putShort(Short.reverseBytes((short) io.readPort(DATA, 2)));
        }
        assertThat(rest.array()).isEqualTo(Arrays.copyOfRange(content(40, 2), 200, 2 * SECTOR));

        byte[] data = random(130);
        memory.write(0x10_0000, data, 0, 0x1_0000);
        memory.write(0x20_0000, data, 0x1_0000, data.length - 0x1_0000);
        guest.address28(2000, 130);
        guest.command(0xCA);
        saved = guest.save();
        controller.reset();
        controller.load(new StateReader("ide", saved));
        guest.master(false, 0x10_0000, 0x1_0000, 0x20_0000, data.length - 0x1_0000);
        assertThat(content(2000, 130)).isEqualTo(data);
    }

    @Test
    void damagedStateIsRefusedOrHarmless() {
        guest.address28(2000, 30);
        guest.command(0xC4);
        byte[] saved = guest.save();
        Random random = new Random(3);
        int refused = 0;
        for (int i = 0; i < 3000; i++) {
            byte[] damaged = saved.clone();
            int at = saved.length - 1 - random.nextInt(200);
            damaged[at] = (byte) random.nextInt();
            try {
                controller.load(new StateReader("ide", damaged));
            } catch (StateException e) {
                refused++;
            }
            for (int access = 0; access < 40; access++) {
                io.readPort(DATA, 2);
            }
            guest.runTasks();
        }
        assertThat(refused).isPositive();
        assertThatThrownBy(() -> controller.load(new StateReader("ide", Arrays.copyOf(saved, 20))))
                .isInstanceOf(StateException.class);
    }

    @Test
    void everyAccessIsSurvived() {
        Random random = new Random(5);
        for (int i = 0; i < 300_000; i++) {
            int port = switch (random.nextInt(12)) {
                case 0 -> CONTROL;
                case 1, 2 -> MASTER + random.nextInt(8);
                default -> 0x1F0 + random.nextInt(8);
            };
            int size = port == DATA ? 1 << random.nextInt(3) : 1;
            if (random.nextInt(3) == 0) {
                io.readPort(port, size);
            } else {
                io.writePort(port, size, random.nextInt() >>> 8 * (4 - size));
            }
            if (random.nextInt(8) == 0) {
                guest.runTasks();
            }
        }
        guest.runTasks();
        io.writePort(MASTER, 1, 0);
        io.writePort(CONTROL, 1, 4);
        io.writePort(CONTROL, 1, 0);
        guest.address28(9, 1);
        guest.command(0x20);
        assertThat(guest.take(1, 1)).isEqualTo(content(9, 1));
    }
}
