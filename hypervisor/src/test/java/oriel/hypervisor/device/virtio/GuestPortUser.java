package oriel.hypervisor.device.virtio;

import java.io.ByteArrayOutputStream;
import java.util.List;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.device.virtio.FakeDriver.Part;

/** A program in a guest that opens a named serial port, through a driver, rings and memory as a real one. */
public final class GuestPortUser implements AutoCloseable {
    private static final int IN = 0;
    private static final int OUT = 1;
    private static final int CONTROL_IN = 2;
    private static final int CONTROL_OUT = 3;
    private static final int BUFFER = 4096;
    private static final int BUFFERS = 32;

    private final TestMachine machine;
    private final FakeDriver driver;
    private final long[] buffers = new long[BUFFERS];
    private final long output;

    /** A guest with nothing but the driver, which has found {@code port}. */
    public GuestPortUser(ConsolePort port) {
        machine = new TestMachine(new VirtioConsole("ports", List.of(port)));
        driver = new FakeDriver(machine).start();
        for (int i = 0; i < BUFFERS; i++) {
            driver.ring(CONTROL_IN).add(new Part(driver.buffer(64), 64, true));
            buffers[i] = driver.buffer(BUFFER);
            driver.ring(IN).add(new Part(buffers[i], BUFFER, true));
        }
        output = driver.buffer(1 << 20);
        driver.kick(CONTROL_IN);
        control(-1, 0, 1);
        control(0, 3, 1);
    }

    private void control(int port, int event, int value) {
        byte[] message = new byte[8];
        LittleEndian.put32(message, 0, port);
        LittleEndian.put16(message, 4, event);
        LittleEndian.put16(message, 6, value);
        driver.ring(CONTROL_OUT).add(new Part(driver.buffer(message), 8, false));
        driver.kick(CONTROL_OUT);
        driver.ring(CONTROL_OUT).takeUsed();
    }

    /** Opens or closes the port. */
    public void open(boolean open) {
        control(0, 6, open ? 1 : 0);
    }

    /** Sends bytes to the host. */
    public void write(byte[] bytes) {
        machine.memory.write(output, bytes, 0, bytes.length);
        driver.ring(OUT).add(new Part(output, bytes.length, false));
        driver.kick(OUT);
        driver.ring(OUT).takeUsed();
    }

    /** All that the host has sent. */
    public byte[] read() {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (var used = driver.ring(IN).takeUsed();
                !used.isEmpty();
                used = driver.ring(IN).takeUsed()) {
            used.forEach((head, length) -> {
                all.writeBytes(driver.bytes(buffers[head % BUFFERS], length));
                driver.ring(IN).descriptor(driver.ring(IN).table, head, buffers[head % BUFFERS], BUFFER, 2, 0);
                driver.ring(IN).offer(head);
            });
            driver.kick(IN);
        }
        return all.toByteArray();
    }

    /** Saves the device and loads it again, as a fork of the machine does. */
    public void saveAndLoad() {
        StateWriter out = new StateWriter();
        machine.function.save(out);
        machine.function.load(new StateReader("ports", out.toByteArray()));
    }

    @Override
    public void close() {
        machine.close();
    }
}
