package oriel.hypervisor.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import oriel.hypervisor.bus.StateException;
import oriel.hypervisor.cpu.kvm.HostLimits;
import oriel.hypervisor.cpu.kvm.KvmHost;
import oriel.hypervisor.cpu.kvm.RequiresKvm;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.firmware.Boot;
import oriel.hypervisor.firmware.FirmwareException;
import oriel.hypervisor.firmware.Initrd;
import oriel.hypervisor.firmware.LinuxKernel;

/** Whole machines by KVM. */
@RequiresKvm
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class KvmMachineTest {
    /**
     * Processor 0 enables its local APIC, copies code for processor 1 to 30000h and starts it (INIT, start-up); both add
     * 20,000 to one number with LOCK INC; processor 1 sleeps and is woken by an NMI from processor 0, which then writes
     * the number to the serial port and switches the machine off.
     */
    private static final String TWO_PROCESSORS =
            "bb0000e0fe c783f0000000ff010000 be%s bf00000300 b93d000000 fc f3a4 c7831003000000000001"
                    + "c7830003000000450000 c7830003000030460000 803c250010030001 75f6 b9204e0000 f0ff042508100300 e2f6"
                    + "803c250110030001 75f6 c7831003000000000001 c7830003000000440000 803c250210030001 75f6"
                    + "8b042508100300 baf8030000 b904000000 ee c1e808 e2fa 66ba0406 66b80034 66ef f4";

    /** In real mode; it has its NMI handler at its end. */
    private static final String SECOND =
            "31c0 8ed8 8ed0 bc006f c70608003700 c7060a000030 b80031 8ed8 c606000001 66b9204e0000 f066ff060800 6649 75f6"
                    + "c606010001 f4 ebfd c606020001 cf";

    @TempDir
    private Path folder;

    private final ByteArrayOutputStream serial = new ByteArrayOutputStream();
    private final CompletableFuture<MachineEnd> end = new CompletableFuture<>();
    private Machine machine;

    @AfterEach
    void stop() throws InterruptedException {
        if (machine != null) {
            machine.stop();
        }
    }

    private MachineConfig config(Path kernel, int cpus, Accelerator accelerator) {
        return new MachineConfig(
                "test",
                32,
                cpus,
                accelerator,
                new Boot.Kernel(LinuxKernel.read(kernel), Initrd.none(), ""),
                List.of(),
                MachineConfig.CdDrive.NONE,
                new DisplaySize(320, 200),
                serial::write);
    }

    private void start(Path kernel, int cpus) {
        machine = new Machine(config(kernel, cpus, Accelerator.KVM));
        machine.addListener(new MachineListener() {
            @Override
            public void ended(MachineEnd how) {
                end.complete(how);
            }
        });
        machine.start();
    }

    @Test
    void guestWritesToADeviceAndSwitchesItselfOff() throws Exception {
        start(GuestPrograms.writeAndPowerOff(folder.resolve("kernel"), "by KVM\n"), 1);
        assertThat(end.get().cause()).isEqualTo(MachineEnd.Cause.POWER_OFF);
        assertThat(serial).hasToString("by KVM\n");
        assertThat(machine.accelerator()).isEqualTo(Accelerator.KVM);
    }

    @Test
    void sleepingGuestCostsNothing() throws Exception {
        start(GuestPrograms.writeAndSleep(folder.resolve("kernel"), "x"), 1);
        await().atMost(Duration.ofSeconds(40)).until(() -> serial.size() == 1);
        Duration before = machine.statistics().cpu();
        Thread.sleep(300); // nothing may happen in this time: there is no event to wait for
        assertThat(machine.statistics().cpu().minus(before)).isLessThan(Duration.ofMillis(150));
    }

    @Test
    void twoProcessorsRunBesideEachOther() throws Exception {
        start(kernelForTwo(), 2);
        MachineEnd how = end.get();
        assertThat(how.cause()).as(how.detail()).isEqualTo(MachineEnd.Cause.POWER_OFF);
        assertThat(ByteBuffer.wrap(serial.toByteArray())
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .getInt())
                .isEqualTo(40_000);
    }

    @Test
    void twoProcessorsStandStillTogether() throws Exception {
        start(kernelForTwo(), 2);
        for (int i = 0; i < 50 && !end.isDone(); i++) {
            machine.pause().get();
            machine.cont().get();
        }
        assertThat(end.get().cause()).isEqualTo(MachineEnd.Cause.POWER_OFF);
    }

    private Path kernelForTwo() throws IOException {
        String second = SECOND.replace(" ", "");
        int length = TWO_PROCESSORS.formatted("00000000").replace(" ", "").length() / 2;
        String first = TWO_PROCESSORS
                .formatted(HexFormat.of().toHexDigits(Integer.reverseBytes(0x100_0000 + length)))
                .replace(" ", "");
        return GuestPrograms.code(folder.resolve("kernel"), HexFormat.of().parseHex(first + second));
    }

    @Test
    void tripleFaultBootsTheMachineAgain() throws Exception {
        // mov edx, 3F8h; mov al, 'r'; out dx, al; lidt [empty]; ud2; empty: dw 0, dq 0
        byte[] code = HexFormat.of()
                .parseHex("baf8030000 b072 ee 0f011c2512000001 0f0b 00000000000000000000".replace(" ", ""));
        start(GuestPrograms.code(folder.resolve("kernel"), code), 1);
        await().atMost(Duration.ofSeconds(40)).until(() -> serial.size() >= 3);
    }

    @Test
    void resetBootsTheMachineAgain() throws Exception {
        start(GuestPrograms.writeAndSleep(folder.resolve("kernel"), "x"), 2);
        await().atMost(Duration.ofSeconds(40)).until(() -> serial.size() == 1);
        machine.reset();
        await().atMost(Duration.ofSeconds(40)).until(() -> serial.size() == 2);
    }

    @Test
    void automaticChoiceIsWhatTheProbeSays() throws Exception {
        Path kernel = GuestPrograms.writeAndSleep(folder.resolve("kernel"), "x");
        machine = new Machine(config(kernel, 1, Accelerator.AUTO));
        boolean fast = KvmHost.fastHost()
                .filter(host -> host.limits(config(kernel, 1, Accelerator.AUTO).cpuModel())
                        .equals(HostLimits.NONE))
                .isPresent();
        assertThat(machine.accelerator()).isEqualTo(fast ? Accelerator.KVM : Accelerator.EMULATED);
    }

    @Test
    void instructionTimeNeedsTheEmulatedProcessor() throws Exception {
        Path kernel = GuestPrograms.writeAndSleep(folder.resolve("kernel"), "x");
        assertThatThrownBy(() -> new Machine(config(kernel, 1, Accelerator.KVM).with(InstructionTime.DEFAULT)))
                .isInstanceOf(FirmwareException.class)
                .hasMessageContaining("--accel emulated");
    }

    @Test
    void savedMachineGoesToTheOtherBackEndOnlyIfThatHasWhatItUses() throws Exception {
        start(GuestPrograms.count(folder.resolve("kernel")), 1);
        await().atMost(Duration.ofSeconds(40)).until(() -> serial.size() > 10);
        Path saved = folder.resolve("saved");
        boolean whole =
                machine.whenStill(still -> still.save(saved)).get().limits().equals(HostLimits.NONE);
        MachineConfig emulated = config(folder.resolve("kernel"), 1, Accelerator.EMULATED);
        if (whole) {
            int before = serial.size();
            Machine moved = Machine.resume(emulated, SavedMachine.read(saved));
            moved.start();
            await().atMost(Duration.ofSeconds(40)).until(() -> serial.size() > before + 100);
            moved.stop();
        } else {
            SavedMachine read = SavedMachine.read(saved);
            assertThatThrownBy(() -> Machine.resume(emulated, read))
                    .isInstanceOf(StateException.class)
                    .hasMessageContaining("can't go on here");
        }
    }
}
