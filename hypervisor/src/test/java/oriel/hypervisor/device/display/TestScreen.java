package oriel.hypervisor.device.display;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.function.Supplier;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.device.pci.HostBridge;
import oriel.hypervisor.device.pci.PciBus;
import oriel.hypervisor.device.pci.PciPorts;
import oriel.hypervisor.display.Damage;
import oriel.hypervisor.display.Display;
import oriel.hypervisor.display.DisplayInput;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.memory.GuestMemory;
import oriel.hypervisor.sound.Sound;

/** An adapter on a bus, without a processor; the machine's thread is the test's. */
final class TestScreen implements AutoCloseable, Display.Listener {
    static final int SLOT = 2;
    static final DisplaySize INITIAL = new DisplaySize(1280, 800);

    final GuestMemory memory = new GuestMemory(1 << 20);
    final IoBus io = new IoBus();
    final PciPorts ports = new PciPorts(io);
    final VideoMemory vram = new VideoMemory(16 << 20);
    final List<String> events = new ArrayList<>();
    final Queue<Runnable> tasks = new ArrayDeque<>();
    final FramebufferDisplay display;
    final BochsDisplay adapter;
    int flushes;

    private record NoInput(Supplier<DisplaySize> size) implements DisplayInput {
        @Override
        public void key(int scanCode, boolean down) {}

        @Override
        public void pointer(int x, int y, int buttons) {}

        @Override
        public void wheel(int vertical, int horizontal) {}

        @Override
        public void clipboard(String text) {}

        @Override
        public void releaseAll() {}
    }

    TestScreen() {
        display =
                new FramebufferDisplay("test", vram, INITIAL, NoInput::new, Sound.SILENT, tasks::add, () -> flushes++);
        adapter = new BochsDisplay("display", display, io, memory);
        PciBus bus = new PciBus(io, memory, _ -> _ -> {}, (_, _) -> {});
        bus.add(0, new HostBridge());
        bus.add(SLOT, adapter);
    }

    void runTasks() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    Damage takeDamage() {
        var taken = display.takeDamage();
        runTasks();
        return taken.join();
    }

    long vramBase() {
        return ports.read(SLOT, 0x10, 4) & 0xFFFF_FFF0L;
    }

    long registers() {
        return ports.read(SLOT, 0x18, 4) & 0xFFFF_FFF0L;
    }

    int dispi(int register) {
        return (int) io.readMmio(registers() + 0x500 + 2L * register, 2);
    }

    void setDispi(int register, int value) {
        io.writeMmio(registers() + 0x500 + 2L * register, 2, value);
    }

    /** What bochs-drm writes to set a mode. */
    void setMode(int width, int height) {
        setBlank(false);
        setDispi(DispiRegisters.ENABLE, 0);
        setDispi(DispiRegisters.BPP, 32);
        setDispi(DispiRegisters.XRES, width);
        setDispi(DispiRegisters.YRES, height);
        setDispi(DispiRegisters.BANK, 0);
        setDispi(DispiRegisters.VIRT_WIDTH, width);
        setDispi(DispiRegisters.VIRT_HEIGHT, vram.size() / (4 * width));
        setDispi(DispiRegisters.X_OFFSET, 0);
        setDispi(DispiRegisters.Y_OFFSET, 0);
        setDispi(DispiRegisters.ENABLE, 0x41);
    }

    void setBlank(boolean blank) {
        io.writeMmio(registers() + 0x402, 1, 1);
        io.readMmio(registers() + 0x41A, 1);
        io.writeMmio(registers() + 0x400, 1, blank ? 0 : 0x20);
    }

    int pixel(int x, int y) {
        int[] pixel = {-1};
        DisplaySize size = display.size();
        if (!display.copyPixels(size, new oriel.hypervisor.display.Rectangle(x, y, 1, 1), pixel, 0, 1)) {
            throw new AssertionError("no pixels");
        }
        return pixel[0];
    }

    @Override
    public void damaged() {
        events.add("damaged");
    }

    @Override
    public void resized(DisplaySize size) {
        events.add("resized " + size.width() + "x" + size.height());
    }

    @Override
    public void ledsChanged(int leds) {
        events.add("leds " + leds);
    }

    @Override
    public void closed(String reason) {
        events.add("closed " + reason);
    }

    @Override
    public void close() {
        memory.close();
        vram.close();
    }
}
