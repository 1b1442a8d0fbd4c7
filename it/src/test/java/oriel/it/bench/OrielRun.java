package oriel.it.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.disk.DiskImage;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.firmware.Boot;
import oriel.hypervisor.firmware.Initrd;
import oriel.hypervisor.firmware.LinuxKernel;
import oriel.hypervisor.machine.Accelerator;
import oriel.hypervisor.machine.Machine;
import oriel.hypervisor.machine.MachineConfig;
import oriel.hypervisor.machine.MachineStatistics;

/** The guest on a machine in this process, whose CPU time is the machine's: compilers and collectors included. */
final class OrielRun {
    private OrielRun() {}

    static SectionLog of(CpuGuest guest, Duration limit)
            throws InterruptedException, ExecutionException, TimeoutException {
        return of(guest, limit, List.of());
    }

    /** With disks, which are closed at the end. */
    static SectionLog of(CpuGuest guest, Duration limit, List<DiskImage> disks)
            throws InterruptedException, ExecutionException, TimeoutException {
        OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        AtomicReference<@Nullable Machine> running = new AtomicReference<>();
        SectionLog log = new SectionLog(() -> {
            Machine machine = running.get();
            if (machine == null) {
                throw new IllegalStateException("the guest spoke before it was started");
            }
            MachineStatistics used = machine.statistics();
            return new SectionLog.Used(system.getProcessCpuTime(), used.cpu().toNanos(), used.instructions());
        });
        Machine machine = new Machine(new MachineConfig(
                "bench",
                CpuGuest.MEMORY_MIB,
                1,
                Accelerator.EMULATED,
                new Boot.Kernel(LinuxKernel.read(guest.kernel()), Initrd.read(guest.initrd()), guest.commandLine()),
                disks,
                MachineConfig.CdDrive.NONE,
                new DisplaySize(640, 480),
                log::accept));
        running.set(machine);
        machine.start();
        try {
            log.done().get(limit.toSeconds(), TimeUnit.SECONDS);
            log.translator(machine.statistics().translations().memory());
        } finally {
            machine.stop();
        }
        return log;
    }
}
