package oriel.hypervisor.device.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.device.chipset.Snapshots;
import oriel.hypervisor.device.pci.PciBus;
import oriel.hypervisor.device.pci.PciPorts;
import oriel.hypervisor.disk.DiskImage;
import oriel.hypervisor.memory.GuestMemory;

/** A disk on a bus, used as a driver does; the machine is the test's thread. */
final class AtaGuest implements AutoCloseable {
    static final int SECTOR = 512;
    static final int DATA = 0x1F0, COUNT = 0x1F2, LOW = 0x1F3, MIDDLE = 0x1F4, HIGH = 0x1F5, DEVICE = 0x1F6;
    static final int COMMAND = 0x1F7, CONTROL = 0x3F6;
    static final int MASTER = 0xC000, SLOT = 5;
    static final int BUSY = 0x80, READY = 0x50, REQUEST = 8, FAILED = 1;

    final GuestMemory memory = new GuestMemory(4 << 20);
    final IoBus io = new IoBus();
    final IdeController controller;
    boolean irq14;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();

    AtaGuest(DiskImage image, Executor worker) {
        controller = new IdeController(
                "ide", io, memory, on -> irq14 = on, _ -> {}, new AtaDisk(image, "S1", worker, tasks::add), null);
        new PciBus(io, memory, _ -> _ -> {}, (_, _) -> {}).add(SLOT, controller);
        controller.reset();
        new PciPorts(io).write(SLOT, 4, 2, 5); // I/O and bus master
    }

    @Override
    public void close() {
        memory.close();
    }

    void runTasks() {
        while (!tasks.isEmpty()) {
            tasks.remove().run();
        }
    }

    int status() {
        return io.readPort(COMMAND, 1);
    }

    void command(int command) {
        io.writePort(COMMAND, 1, command);
        runTasks();
    }

    void address28(long sector, int count) {
        io.writePort(DEVICE, 1, 0xE0 | (int) (sector >> 24) & 15);
        io.writePort(COUNT, 1, count & 0xFF);
        io.writePort(LOW, 1, (int) sector & 0xFF);
        io.writePort(MIDDLE, 1, (int) (sector >> 8) & 0xFF);
        io.writePort(HIGH, 1, (int) (sector >> 16) & 0xFF);
    }

    void address48(long sector, int count) {
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

    /** Takes bytes that are on offer. */
    byte[] takeWords(int length) {
        ByteBuffer data = ByteBuffer.allocate(length);
        while (data.hasRemaining()) {
            data.putShort(Short.reverseBytes((short) io.readPort(DATA, 2)));
        }
        runTasks();
        return data.array();
    }

    /** Gives bytes that are wanted. */
    void giveWords(byte[] data, int from, int to) {
        for (int at = from; at < to; at += 2) {
            io.writePort(DATA, 2, data[at] & 0xFF | (data[at + 1] & 0xFF) << 8);
        }
        runTasks();
    }

    /** Takes what the drive offers, a run at each interrupt. */
    byte[] take(int sectors, int run) {
        ByteBuffer data = ByteBuffer.allocate(sectors * SECTOR);
        for (int left = sectors; left > 0; left -= run) {
            assertThat(irq14).as("an interrupt for each run").isTrue();
            assertThat(status()).isEqualTo(READY | REQUEST);
            assertThat(irq14).as("the status was read").isFalse();
            data.put(takeWords(Math.min(run, left) * SECTOR));
        }
        assertThat(status()).isEqualTo(READY);
        return data.array();
    }

    void give(byte[] data, int run) {
        for (int at = 0; at < data.length; at += run * SECTOR) {
            assertThat(status()).isEqualTo(READY | REQUEST);
            giveWords(data, at, Math.min(data.length, at + run * SECTOR));
            assertThat(irq14).isTrue();
        }
        assertThat(status()).isEqualTo(READY);
    }

    /** A table of ranges in memory at 1000H. */
    void table(int... addressesAndLengths) {
        for (int i = 0; i < addressesAndLengths.length; i += 2) {
            memory.write(0x1000 + i * 4L, 4, addressesAndLengths[i]);
            boolean last = i + 2 == addressesAndLengths.length;
            memory.write(0x1004 + i * 4L, 4, addressesAndLengths[i + 1] & 0xFFFF | (last ? 0x8000_0000L : 0));
        }
    }

    /** The bus master sent through a table. */
    void master(boolean toMemory, int... addressesAndLengths) {
        table(addressesAndLengths);
        io.writePort(MASTER + 4, 4, 0x1000);
        io.writePort(MASTER + 2, 1, 6);
        io.writePort(MASTER, 1, toMemory ? 9 : 1);
        runTasks();
    }

    byte[] save() {
        return Snapshots.save(controller);
    }
}
