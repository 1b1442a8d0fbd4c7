package oriel.hypervisor.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.device.display.VideoMemory;
import oriel.hypervisor.disk.DiskImage;
import oriel.hypervisor.disk.DiskImages;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.firmware.Boot;
import oriel.hypervisor.firmware.Initrd;
import oriel.hypervisor.firmware.LinuxKernel;
import oriel.hypervisor.memory.HostMapping;
import oriel.hypervisor.network.MacAddress;
import oriel.hypervisor.network.NetworkCard;
import oriel.hypervisor.network.NetworkLink;

/**
 * How long each device's saved state is after a reset. A change here is a change of format, and saved machines are kept:
 * give the format its next version, have {@code load} read the one before, test that with a state of the old version, and
 * note the new length here.
 */
class StateFormatTest {
    private static final String LENGTHS = """
            cpu 1184
            pic 34
            ioapic 200
            interrupt-router 194
            lapic.0 181
            hpet 98
            pit 116
            rtc 160
            acpi-pm 20
            generation-id 18
            reset-control 4
            dma 56
            serial.0 18
            pci 6
            pci.host 263
            i8042 97
            display 1299
            tablet 431
            entropy 368
            disk.0 402
            ports 762
            balloon 547
            watchdog 294
            sound 409
            net.0 426
            ide 427
            """;

    @TempDir
    private Path folder;

    private static final NetworkLink UNPLUGGED = _ -> new NetworkLink.Connection() {
        @Override
        public void send(byte[] frame) {}

        @Override
        public void close() {}
    };

    private MachineConfig config(Path kernel, DiskImage disk, DiskImage ide) {
        return new MachineConfig(
                        "test",
                        16,
                        1,
                        Accelerator.EMULATED,
                        new Boot.Kernel(LinuxKernel.read(kernel), Initrd.none(), ""),
                        List.of(disk),
                        MachineConfig.CdDrive.EMPTY,
                        new DisplaySize(320, 200),
                        _ -> {},
                        List.of(new NetworkCard(MacAddress.forName("test"), UNPLUGGED)))
                .with(new Equipment(true, Equipment.Graphics.VGA))
                .withIdeDisk(ide);
    }

    private DiskImage disk(String name) {
        Path file = folder.resolve(name);
        DiskImages.createQcow2(file, 1 << 20);
        return DiskImages.open(file, Optional.empty(), false);
    }

    private static String line(String name, StateWriter state) {
        return name + " " + state.toByteArray().length;
    }

    @Test
    void formatsAreAsTheyWere() throws IOException {
        try (DiskImage disk = disk("disk.qcow2");
                DiskImage ide = disk("ide.qcow2")) {
            Board board = new Board(
                    config(GuestPrograms.count(folder.resolve("kernel")), disk, ide),
                    null,
                    new VirtualClock(() -> 0, () -> 0),
                    new PowerSwitch(() -> {}),
                    Runnable::run,
                    Runnable::run,
                    HostMapping.anonymous(16 << 20),
                    HostMapping.anonymous(VideoMemory.DEFAULT_SIZE));
            board.reset();
            StateWriter processor = new StateWriter();
            ProcessorState.save(board.cpus.getFirst().state(), processor);
            String lengths = Stream.concat(
                            Stream.of(line("cpu", processor)),
                            board.devices().stream().map(device -> {
                                StateWriter state = new StateWriter();
                                device.save(state);
                                return line(device.name(), state);
                            }))
                    .collect(Collectors.joining("\n", "", "\n"));
            board.close();
            assertThat(lengths).isEqualTo(LENGTHS);
        }
    }
}
