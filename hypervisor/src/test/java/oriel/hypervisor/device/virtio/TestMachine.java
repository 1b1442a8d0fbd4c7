package oriel.hypervisor.device.virtio;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Executor;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.device.pci.HostBridge;
import oriel.hypervisor.device.pci.PciBus;
import oriel.hypervisor.device.pci.PciPorts;
import oriel.hypervisor.memory.GuestMemory;

/** A board with memory and a PCI bus, without a processor: the test's thread is the machine's. */
final class TestMachine implements AutoCloseable {
    static final int SLOT = 4;

    final GuestMemory memory = new GuestMemory(16 << 20);
    final IoBus io = new IoBus();
    final PciPorts ports = new PciPorts(io);
    final List<Integer> messages = new ArrayList<>();
    boolean line;
    final VirtioPci function;

    /** Runs tasks when the test says so, as a machine does between slices of guest time. */
    static final class Tasks implements Executor {
        private final Queue<Runnable> queue = new ArrayDeque<>();

        @Override
        public synchronized void execute(Runnable task) {
            queue.add(task);
        }

        private synchronized Runnable poll() {
            return queue.poll();
        }

        int runAll() {
            int count = 0;
            for (Runnable task = poll(); task != null; task = poll()) {
                task.run();
                count++;
            }
            return count;
        }
    }

    TestMachine(VirtioDevice device) {
        PciBus bus = new PciBus(io, memory, _ -> level -> line = level, (_, data) -> messages.add(data));
        bus.add(0, new HostBridge());
        function = new VirtioPci(device, memory);
        bus.add(SLOT, function);
    }

    @Override
    public void close() {
        memory.close();
    }
}
