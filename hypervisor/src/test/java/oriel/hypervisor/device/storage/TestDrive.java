package oriel.hypervisor.device.storage;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Optional;
import java.util.Queue;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.device.pci.PciBus;
import oriel.hypervisor.device.pci.PciPorts;
import oriel.hypervisor.memory.GuestMemory;

/** A controller with a drive on a bus, used as a driver does; worker and machine are the test's thread. */
final class TestDrive implements AutoCloseable {
    static final int SLOT = 5, BUSY = 0x80, REQUEST = 8, FAILED = 1;
    static final int MASTER = 0xC000, MASTER_2 = MASTER + 8;

    final GuestMemory memory = new GuestMemory(2 << 20);
    final IoBus io = new IoBus();
    final PciPorts pci = new PciPorts(io);
    final Queue<Runnable> work = new ArrayDeque<>();
    final Queue<Runnable> tasks = new ArrayDeque<>();
    final CdDrive drive;
    final IdeController controller;
    boolean irq15;
    boolean irq14;

    TestDrive(Optional<TestDisc> disc) {
        drive = new CdDrive(disc.map(present -> present), work::add, tasks::add);
        controller = new IdeController("ide", io, memory, on -> irq14 = on, on -> irq15 = on, null, drive);
        new PciBus(io, memory, _ -> _ -> {}, (_, _) -> {}).add(SLOT, controller);
        controller.reset();
        pci.write(SLOT, 4, 2, 5); // I/O and bus master
    }

    /** As if time passed: the worker works, the machine takes what it did. */
    void runTasks() {
        while (!work.isEmpty() || !tasks.isEmpty()) {
            Runnable next = work.isEmpty() ? tasks.remove() : work.remove();
            next.run();
        }
    }

    int status() {
        return io.readPort(0x177, 1);
    }

    /** Sends a packet and lets the drive work on it; data that comes is waiting then. */
    void packet(boolean dma, int limit, int... bytes) {
        io.writePort(0x176, 1, 0xA0);
        io.writePort(0x171, 1, dma ? 1 : 0);
        io.writePort(0x174, 1, limit & 0xFF);
        io.writePort(0x175, 1, limit >> 8);
        io.writePort(0x177, 1, 0xA0);
        for (int i = 0; i < 12; i += 2) {
            int low = i < bytes.length ? bytes[i] : 0;
            int high = i + 1 < bytes.length ? bytes[i + 1] : 0;
            io.writePort(0x170, 2, low | high << 8);
        }
        runTasks();
    }

    /** Reads what the drive offers, run by run, until it has no more. */
    byte[] takeData() {
        byte[] data = new byte[1 << 20];
        int length = 0;
        while ((status() & REQUEST) != 0) {
            int run = io.readPort(0x174, 1) | io.readPort(0x175, 1) << 8;
            for (int i = 0; i < run; i += 2) {
                int word = io.readPort(0x170, 2);
                data[length + i] = (byte) word;
                if (i + 1 < run) {
                    data[length + i + 1] = (byte) (word >> 8);
                }
            }
            length += run;
            runTasks();
        }
        return Arrays.copyOf(data, length);
    }

    byte[] command(int... bytes) {
        packet(false, 0xFFFE, bytes);
        return takeData();
    }

    /** Sense key, code and qualifier as one number. */
    int sense() {
        byte[] sense = command(0x03, 0, 0, 0, 18);
        return (sense[2] & 15) << 16 | (sense[12] & 0xFF) << 8 | sense[13] & 0xFF;
    }

    /** Until there is nothing more to be told of: power on, a new disc. */
    void settle() {
        for (int i = 0; i < 3; i++) {
            command(0x00);
            sense();
        }
    }

    @Override
    public void close() {
        memory.close();
    }
}
