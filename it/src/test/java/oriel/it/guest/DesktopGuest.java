package oriel.it.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import oriel.hypervisor.disk.DiskFormat;
import oriel.hypervisor.disk.DiskImages;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.firmware.Boot;
import oriel.hypervisor.firmware.Initrd;
import oriel.hypervisor.firmware.LinuxKernel;
import oriel.hypervisor.guest.GuestCommand;
import oriel.hypervisor.guest.GuestCommandResult;
import oriel.hypervisor.machine.Accelerator;
import oriel.hypervisor.machine.Machine;
import oriel.hypervisor.machine.MachineConfig;

/** The golden desktop on a machine in this process, with programs of its own run by its guest agent. */
public final class DesktopGuest implements AutoCloseable {
    private static final Duration BOOT = Duration.ofMinutes(5);
    private static final Duration COMMAND = Duration.ofMinutes(2);

    private final Machine machine;
    private final ByteArrayOutputStream serial;

    private DesktopGuest(Machine machine, ByteArrayOutputStream serial) {
        this.machine = machine;
        this.serial = serial;
    }

    /**
     * Boots it to the drawn desktop.
     *
     * @param folder where its disk's changes go
     * @param equip the machine, with 512 MiB, one processor and one disk, as it shall be
     */
    public static DesktopGuest boot(Path folder, UnaryOperator<MachineConfig> equip) throws Exception {
        GoldenImage image = GoldenImage.get();
        Path disk = folder.resolve("disk.qcow2");
        DiskImages.createOverlay(disk, image.disk(), DiskFormat.QCOW2);
        ByteArrayOutputStream serial = new ByteArrayOutputStream();
        Machine machine = new Machine(equip.apply(new MachineConfig(
                "desktop",
                512,
                1,
                Accelerator.EMULATED,
                new Boot.Kernel(LinuxKernel.read(image.kernel()), Initrd.read(image.initrd()), image.commandLine()),
                List.of(DiskImages.open(disk, Optional.of(DiskFormat.QCOW2), false)),
                MachineConfig.CdDrive.EMPTY,
                new DisplaySize(800, 600),
                serial::write)));
        DesktopGuest guest = new DesktopGuest(machine, serial);
        try {
            machine.start();
            await("desktop").atMost(BOOT).until(() -> guest.console().contains("oriel: desktop ready"));
            await("guest agent").atMost(BOOT).until(machine.guestAgent()::ready);
        } catch (RuntimeException e) {
            guest.close();
            throw new AssertionError("the desktop didn't come up; its console: " + guest.console(), e);
        }
        return guest;
    }

    /** The machine that it runs on. */
    public Machine machine() {
        return machine;
    }

    /** What came over its serial port so far. */
    public String console() {
        return serial.toString(StandardCharsets.ISO_8859_1);
    }

    /** Runs a shell script as root, whatever comes of it. */
    public GuestCommandResult tryRun(String script, String input) throws Exception {
        GuestCommand command = new GuestCommand("/bin/sh", List.of("-c", script), List.of(), input);
        return machine.guestAgent().execute(command, COMMAND).get(COMMAND.toSeconds(), TimeUnit.SECONDS);
    }

    /** Runs a shell script as root, which must succeed. */
    public String run(String script) throws Exception {
        GuestCommandResult result = tryRun(script, "");
        assertThat(result.exitCode())
                .as(script + "\n" + result.output() + result.errors())
                .isZero();
        return result.output();
    }

    /** Runs one until it succeeds: a driver may still be on its way. */
    public String runUntilItSucceeds(String script) throws Exception {
        return await(script)
                .atMost(COMMAND)
                .pollInterval(Duration.ofMillis(500))
                .until(() -> tryRun(script, ""), result -> result.exitCode() == 0)
                .output();
    }

    @Override
    public void close() throws InterruptedException {
        machine.stop();
    }
}
