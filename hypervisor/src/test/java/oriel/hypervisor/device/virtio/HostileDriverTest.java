package oriel.hypervisor.device.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import oriel.hypervisor.device.display.FramebufferDisplay;
import oriel.hypervisor.device.display.VideoMemory;
import oriel.hypervisor.device.display.VirtioGpu;
import oriel.hypervisor.device.virtio.FakeDriver.Ring;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.network.MacAddress;
import oriel.hypervisor.network.NetworkCard;
import oriel.hypervisor.network.NetworkLink;
import oriel.hypervisor.sound.Sound;

/** Every device against garbage in rings, descriptors, headers and registers: it may refuse, it must not throw. */
class HostileDriverTest {
    private static final int ROUNDS = 1500;

    private static final ConsolePort.Listener NOBODY = new ConsolePort.Listener() {
        @Override
        public void received(byte[] bytes) {}

        @Override
        public void guestOpened(boolean open) {}
    };

    private static final NetworkLink.Connection NOWHERE = new NetworkLink.Connection() {
        @Override
        public void send(byte[] frame) {}

        @Override
        public void close() {}
    };

    private static FramebufferDisplay screen() {
        return new FramebufferDisplay(
                "test",
                new VideoMemory(4 << 20),
                new DisplaySize(640, 480),
                _ -> NoInput.INSTANCE,
                Sound.SILENT,
                Runnable::run,
                () -> {});
    }

    private static Arguments device(String name, Supplier<VirtioDevice> make) {
        return Arguments.of(name, make);
    }

    static Stream<Arguments> devices() {
        return Stream.of(
                device(
                        "block",
                        () -> new VirtioBlock(
                                "blk", new MemoryDisk(1 << 20, false), "s", Runnable::run, Runnable::run)),
                device("tablet", () -> new VirtioTablet("tablet")),
                device(
                        "network",
                        () -> new VirtioNet(
                                "net", new NetworkCard(MacAddress.forName("n"), _ -> NOWHERE), Runnable::run)),
                device("balloon", () -> new VirtioBalloon("balloon")),
                device("graphics", () -> new VirtioGpu("gpu", HostileDriverTest.screen())),
                device("entropy", () -> new VirtioEntropy("rng", new Random(1))),
                device("console", () -> {
                    ConsolePort port = new ConsolePort("org.qemu.guest_agent.0", NOBODY);
                    port.open(true);
                    return new VirtioConsole("serial", List.of(port, new ConsolePort("com.redhat.spice.0", NOBODY)));
                }));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("devices")
    void garbageNeverEscapesTheDevice(String name, Supplier<VirtioDevice> make) {
        VirtioDevice device = make.get();
        Random random = new Random(name.hashCode());
        try (TestMachine machine = new TestMachine(device)) {
            FakeDriver driver = new FakeDriver(machine);
            int refused = 0;
            for (int round = 0; round < ROUNDS; round++) {
                driver.start(random.nextBoolean() ? 1L << 29 : 0);
                int queues = (int) driver.common(18, 2);
                for (int step = 0; step < 6; step++) {
                    Ring ring = driver.ring(random.nextInt(queues));
                    scribble(random, driver, ring);
                    driver.kick(ring.queue);
                    driver.setDeviceConfig(random.nextInt(16), random.nextInt());
                    driver.deviceConfig(random.nextInt(0x1000), 1 << random.nextInt(4));
                }
                if (device instanceof VirtioTablet tablet) {
                    tablet.pointer(random.nextInt(2000), random.nextInt(2000), new DisplaySize(800, 600), round);
                }
                refused += driver.needsReset() ? 1 : 0;
            }
            assertThat(refused).isBetween(ROUNDS / 10, ROUNDS);
            driver.start();
            assertThat(driver.needsReset()).isFalse();
        }
    }

    private static void scribble(Random random, FakeDriver driver, Ring ring) {
        int descriptors = 1 + random.nextInt(6);
        for (int i = 0; i < descriptors; i++) {
            boolean last = i == descriptors - 1;
            long address = switch (random.nextInt(12)) {
                case 0 -> random.nextLong();
                case 1 -> driver.machine.memory.ramSize() - random.nextInt(64);
                default -> 0x80_0000L + random.nextInt(1 << 20);
            };
            byte[] header = new byte[32];
            random.nextBytes(header);
            // A request's type: of the block device, or of the graphics adapter.
            LittleEndian.put32(header, 0, random.nextInt(16) | (random.nextInt(4) == 0 ? 0x100 : 0));
            LittleEndian.put64(header, 8, random.nextInt(4) == 0 ? random.nextLong() : random.nextInt(2100));
            if (driver.machine.memory.isMemory(address) && driver.machine.memory.isMemory(address + 32)) {
                driver.machine.memory.write(address, header, 0, 32);
            }
            int length = switch (random.nextInt(6)) {
                case 0 -> random.nextInt();
                case 1 -> 0;
                case 2 -> 16;
                default -> 512 * (1 + random.nextInt(8)) + random.nextInt(2);
            };
            int flags = (i > 0 && random.nextBoolean() ? 2 : 0) | (last ? 0 : 1) | (random.nextInt(20) == 0 ? 4 : 0);
            ring.descriptor(ring.table, i, address, length, flags, i + 1);
        }
        ring.offer(0);
    }
}
