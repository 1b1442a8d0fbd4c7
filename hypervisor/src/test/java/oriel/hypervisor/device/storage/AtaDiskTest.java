package oriel.hypervisor.device.storage;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.StateException;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.device.pci.PciBus;
import oriel.hypervisor.device.pci.PciPorts;
import oriel.hypervisor.disk.DiskException;
import oriel.hypervisor.disk.DiskImage;
import oriel.hypervisor.memory.GuestMemory;

/** The disk as drivers use it; the worker is done at once, the machine is the test's thread. */
class AtaDiskTest {
    private static final int SECTOR = 512, SECTORS = 70_000;
    private static final int DATA = 0x1F0, COUNT = 0x1F2, LOW = 0x1F3, MIDDLE = 0x1F4, HIGH = 0x1F5, DEVICE = 0x1F6;
    private static final int COMMAND = 0x1F7, CONTROL = 0x3F6;
    private static final int MASTER = 0xC000, SLOT = 5;
    private static final int READY = 0x50, REQUEST = 8, FAILED = 1;

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
    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private final GuestMemory memory = new GuestMemory(4 << 20);
    private final IoBus io = new IoBus();
    private boolean irq14;
    private final IdeController controller = new IdeController(
            "ide", io, memory, on -> irq14 = on, _ -> {}, new AtaDisk(image, "S1", Runnable::run, tasks::add), null);

    AtaDiskTest() {
        new Random(1).nextBytes(image.bytes);
        new PciBus(io, memory, _ -> _ -> {}, (_, _) -> {}).add(SLOT, controller);
        controller.reset();
        new PciPorts(io).write(SLOT, 4, 2, 5); // I/O and bus master
    }

    @AfterEach
    void close() {
        memory.close();
    }

    private void runTasks() {
        while (!tasks.isEmpty()) {
            tasks.remove().run();
        }
    }

    private int status() {
        return io.readPort(COMMAND, 1);
    }

    private void command(int command) {
        io.writePort(COMMAND, 1, command);
        runTasks();
    }

    private void address28(long sector, int count) {
        io.writePort(DEVICE, 1, 0xE0 | (int) (sector >> 24) & 15);
        io.writePort(COUNT, 1, count & 0xFF);
        io.writePort(LOW, 1, (int) sector & 0xFF);
        io.writePort(MIDDLE, 1, (int) (sector >> 8) & 0xFF);
        io.writePort(HIGH, 1, (int) (sector >> 16) & 0xFF);
    }

    private void address48(long sector, int count) {
        io.writePort(DEVICE, 1, 0xE0);
        io.writePort(COUNT, 1, count >> 8);
        io.writePort(LOW, 1, (int) (sector >> 24) & 0xFF);
        io.writePort(MIDDLE, 1, (int) (sector >> 32) & 0xFF);
        io.writePort(HIGH, 1, (int) (sector >> 40) & 0xFF);
        io.writePort(COUNT, 1, count & 0xFF);
        io.writePort(LOW, 1, (int) sector & 0xFF);
        io.writePort(MIDDLE, 1, (int) (sector >> 8) & 0xFF);
        io.writePort(HIGH, 1, (int) (sector >> 16) & 0xFF);
    }

    /** Takes what the drive offers, a run at each interrupt. */
    private byte[] take(int sectors, int run) {
        ByteBuffer data = ByteBuffer.allocate(sectors * SECTOR);
        for (int left = sectors; left > 0; left -= run) {
            assertThat(irq14).as("an interrupt for each run").isTrue();
            assertThat(status()).isEqualTo(READY | REQUEST);
            assertThat(irq14).as("the status was read").isFalse();
            for (int i = 0; i < Math.min(run, left) * SECTOR; i += 2) {
                data.putShort(Short.reverseBytes((short) io.readPort(DATA, 2)));
            }
            runTasks();
        }
        assertThat(status()).isEqualTo(READY);
        return data.array();
    }

    private void give(byte[] data, int run) {
        for (int at = 0; at < data.length; ) {
            assertThat(status()).isEqualTo(READY | REQUEST);
            int end = Math.min(data.length, at + run * SECTOR);
            for (; at < end; at += 2) {
                io.writePort(DATA, 2, data[at] & 0xFF | (data[at + 1] & 0xFF) << 8);
            }
            runTasks();
            assertThat(irq14).isTrue();
        }
        assertThat(status()).isEqualTo(READY);
    }

    private byte[] content(long sector, int count) {
        return Arrays.copyOfRange(image.bytes, (int) sector * SECTOR, (int) (sector + count) * SECTOR);
    }

    private static byte[] random(int sectors) {
        byte[] data = new byte[sectors * SECTOR];
        new Random(sectors).nextBytes(data);
        return data;
    }

    /** A table of ranges in memory at 1000H, and the bus master sent through it. */
    private void master(boolean toMemory, int... addressesAndLengths) {
        for (int i = 0; i < addressesAndLengths.length; i += 2) {
            memory.write(0x1000 + i * 4L, 4, addressesAndLengths[i]);
            boolean last = i + 2 == addressesAndLengths.length;
            memory.write(0x1004 + i * 4L, 4, addressesAndLengths[i + 1] & 0xFFFF | (last ? 0x8000_0000L : 0));
        }
        io.writePort(MASTER + 4, 4, 0x1000);
        io.writePort(MASTER + 2, 1, 6);
        io.writePort(MASTER, 1, toMemory ? 9 : 1);
        runTasks();
    }

    @Test
    void identityNamesModelSerialAndSize() {
        io.writePort(DEVICE, 1, 0xA0);
        command(0xEC);
        byte[] words = take(1, 1);
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
        address28(5, 3);
        command(0x20);
        assertThat(take(3, 1)).isEqualTo(content(5, 3));
        io.writePort(COUNT, 1, 8);
        command(0xC6);
        address28(100, 200); // more than a piece
        command(0xC4);
        assertThat(take(200, 8)).isEqualTo(content(100, 200));
        address28(7, 0); // 256
        command(0x20);
        assertThat(take(256, 1)).isEqualTo(content(7, 256));
        address48(69_000, 600);
        command(0x29);
        assertThat(take(600, 8)).isEqualTo(content(69_000, 600));
    }

    @Test
    void cylindersHeadsAndSectorsAreAnAddressToo() {
        io.writePort(DEVICE, 1, 0xA0 | 3); // head 3
        io.writePort(COUNT, 1, 1);
        io.writePort(LOW, 1, 7); // from 1
        io.writePort(MIDDLE, 1, 2);
        io.writePort(HIGH, 1, 0);
        command(0x20);
        assertThat(take(1, 1)).isEqualTo(content((2 * 16 + 3) * 63 + 6, 1));
        io.writePort(LOW, 1, 0);
        command(0x20);
        assertThat(status() & FAILED).isEqualTo(FAILED);
    }

    @Test
    void sectorsAreWritten() {
        byte[] data = random(5);
        address28(11, 5);
        command(0x30);
        give(data, 1);
        assertThat(content(11, 5)).isEqualTo(data);
        byte[] more = random(300);
        address48(50_000, 300);
        command(0x39);
        give(more, 16);
        assertThat(content(50_000, 300)).isEqualTo(more);
        assertThat(image.flushes).isZero();
        command(0xE7);
        assertThat(image.flushes).isEqualTo(1);
        assertThat(status()).isEqualTo(READY);
    }

    @Test
    void withoutTheWriteCacheEachWriteIsDurable() {
        io.writePort(0x1F1, 1, 0x82);
        command(0xEF);
        assertThat(image.flushes).isEqualTo(1);
        address28(11, 2);
        command(0x30);
        give(random(2), 1);
        assertThat(image.flushes).isEqualTo(3);
    }

    @Test
    void dmaMovesBothWays() {
        address48(1000, 300);
        command(0x25);
        master(true, 0x10_0000, 0x8000, 0x20_0000, 0x1_0000, 0x30_0000, 300 * SECTOR - 0x1_8000);
        byte[] read = new byte[300 * SECTOR];
        memory.read(0x10_0000, read, 0, 0x8000);
        memory.read(0x20_0000, read, 0x8000, 0x1_0000);
        memory.read(0x30_0000, read, 0x1_8000, read.length - 0x1_8000);
        assertThat(read).isEqualTo(content(1000, 300));
        assertThat(io.readPort(MASTER + 2, 1) & 7)
                .as("interrupt, no error, not active")
                .isEqualTo(4);
        assertThat(irq14).isTrue();
        assertThat(status()).isEqualTo(READY);

        io.writePort(MASTER, 1, 0);
        byte[] data = random(130);
        memory.write(0x10_0000, data, 0, 0x1_0000);
        memory.write(0x20_0000, data, 0x1_0000, data.length - 0x1_0000);
        address28(2000, 130);
        command(0xCA);
        master(false, 0x10_0000, 0x1_0000, 0x20_0000, data.length - 0x1_0000);
        assertThat(content(2000, 130)).isEqualTo(data);
        assertThat(io.readPort(MASTER + 2, 1) & 7).isEqualTo(4);
    }

    @Test
    void aTableThatIsTooShortOrOutsideMemoryFails() {
        address28(0, 8);
        command(0xC8);
        master(true, 0x10_0000, 7 * SECTOR);
        assertThat(status() & FAILED).isEqualTo(FAILED);
        assertThat(io.readPort(MASTER + 2, 1) & 3).isEqualTo(2);
        io.writePort(MASTER, 1, 0);
        address28(0, 8);
        command(0xCA);
        master(false, 0x7FFF_0000, 8 * SECTOR);
        assertThat(status() & FAILED).isEqualTo(FAILED);
        io.writePort(MASTER, 1, 0);
        byte[] before = content(0, 8);
        address28(0, 8);
        command(0xCA);
        master(true, 0x10_0000, 8 * SECTOR); // the other way
        assertThat(status() & FAILED).isEqualTo(FAILED);
        assertThat(content(0, 8)).isEqualTo(before);
    }

    @Test
    void whatIsOutsideTheDiskIsRefused() {
        address28(SECTORS - 2, 3);
        command(0x20);
        assertThat(status() & FAILED).isEqualTo(FAILED);
        assertThat(io.readPort(0x1F1, 1)).as("ID not found").isEqualTo(0x10);
        address48(0xFFFF_FFFF_FFFFL, 1);
        command(0x35);
        assertThat(status() & FAILED).isEqualTo(FAILED);
        address28(SECTORS - 2, 2);
        command(0x20);
        assertThat(take(2, 1)).isEqualTo(content(SECTORS - 2, 2));
    }

    @Test
    void aHostThatFailsIsAFaultyDisk() {
        image.broken = true;
        address28(3, 1);
        command(0x20);
        assertThat(status() & FAILED).isEqualTo(FAILED);
        assertThat(io.readPort(0x1F1, 1)).as("uncorrectable").isEqualTo(0x40);
        address28(3, 1);
        command(0x30);
        for (int i = 0; i < SECTOR; i += 2) {
            io.writePort(DATA, 2, 0);
        }
        runTasks();
        assertThat(status() & 0x21).as("device fault").isEqualTo(0x21);
        command(0xE7);
        assertThat(status() & FAILED).isEqualTo(FAILED);
        image.broken = false;
        address28(3, 1);
        command(0x20);
        assertThat(take(1, 1)).isEqualTo(content(3, 1));
    }

    @Test
    void aResetShowsWhatItIs() {
        address28(3, 2);
        command(0x20);
        io.writePort(CONTROL, 1, 4);
        io.writePort(CONTROL, 1, 0);
        assertThat(status()).isEqualTo(READY);
        assertThat(io.readPort(MIDDLE, 1) | io.readPort(HIGH, 1) << 8)
                .as("no packets")
                .isZero();
        assertThat(io.readPort(COUNT, 1)).isEqualTo(1);
        command(0xA1); // IDENTIFY PACKET DEVICE
        assertThat(status() & FAILED).isEqualTo(FAILED);
        io.writePort(DEVICE, 1, 0xF0);
        assertThat(status()).as("there is no second drive").isZero();
    }

    @Test
    void registersOf48BitAddressesAreTwoDeep() {
        address48(0x12_3456_789AL, 1);
        assertThat(io.readPort(LOW, 1)).isEqualTo(0x9A);
        io.writePort(CONTROL, 1, 0x80);
        assertThat(io.readPort(LOW, 1)).isEqualTo(0x34);
        assertThat(io.readPort(MIDDLE, 1)).isEqualTo(0x12);
        io.writePort(DEVICE, 1, 0xE0);
        assertThat(io.readPort(LOW, 1)).as("a write ends it").isEqualTo(0x9A);
        io.writePort(DEVICE, 1, 0xE0);
        command(0x27);
        assertThat(io.readPort(LOW, 1) | io.readPort(MIDDLE, 1) << 8 | io.readPort(HIGH, 1) << 16)
                .isEqualTo(SECTORS - 1);
    }

    private byte[] save() {
        StateWriter out = new StateWriter();
        controller.save(out);
        return out.toByteArray();
    }

    @Test
    void aTransferGoesOnAfterARestore() {
        address28(40, 2);
        command(0x20);
        assertThat(status()).isEqualTo(READY | REQUEST);
        for (int i = 0; i < 100; i++) {
            io.readPort(DATA, 2);
        }
        byte[] saved = save();
        controller.reset();
        controller.load(new StateReader("ide", saved));
        ByteBuffer rest = ByteBuffer.allocate(2 * SECTOR - 200);
        for (int i = 200; i < SECTOR; i += 2) {
            rest.putShort(Short.reverseBytes((short) io.readPort(DATA, 2)));
        }
        assertThat(status()).isEqualTo(READY | REQUEST);
        for (int i = 0; i < SECTOR; i += 2) {
            rest.putShort(Short.reverseBytes((short) io.readPort(DATA, 2)));
        }
        assertThat(rest.array()).isEqualTo(Arrays.copyOfRange(content(40, 2), 200, 2 * SECTOR));

        byte[] data = random(130);
        memory.write(0x10_0000, data, 0, 0x1_0000);
        memory.write(0x20_0000, data, 0x1_0000, data.length - 0x1_0000);
        address28(2000, 130);
        command(0xCA);
        saved = save();
        controller.reset();
        controller.load(new StateReader("ide", saved));
        master(false, 0x10_0000, 0x1_0000, 0x20_0000, data.length - 0x1_0000);
        assertThat(content(2000, 130)).isEqualTo(data);
    }

    @Test
    void damagedStateIsRefusedOrHarmless() {
        address28(2000, 30);
        command(0xC4);
        byte[] saved = save();
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
            runTasks();
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
                runTasks();
            }
        }
        runTasks();
        io.writePort(MASTER, 1, 0);
        io.writePort(CONTROL, 1, 4);
        io.writePort(CONTROL, 1, 0);
        address28(9, 1);
        command(0x20);
        assertThat(take(1, 1)).isEqualTo(content(9, 1));
    }
}
