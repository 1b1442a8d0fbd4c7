package oriel.hypervisor.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.hypervisor.disk.DiskException;
import oriel.hypervisor.disk.DiskFormat;
import oriel.hypervisor.disk.DiskImage;
import oriel.hypervisor.disk.DiskImages;
import oriel.hypervisor.display.Display;
import oriel.hypervisor.firmware.Boot;
import oriel.hypervisor.firmware.FirmwareException;
import oriel.hypervisor.firmware.Initrd;
import oriel.hypervisor.guest.GuestAgent;
import oriel.hypervisor.host.HostException.Reason;
import oriel.hypervisor.machine.Accelerator;
import oriel.hypervisor.machine.Machine;
import oriel.hypervisor.machine.MachineConfig;
import oriel.hypervisor.machine.MachineEnd;
import oriel.hypervisor.machine.MachineListener;

/**
 * Machines in this process, on the integrated VMM; their files under one folder. Thread-safe: calls on one machine are
 * serialised, calls on different machines run side by side.
 */
public final class InProcessHost implements HypervisorHost {
    private static final Logger LOG = LoggerFactory.getLogger(InProcessHost.class);

    /** What the golden images print on the serial console when the desktop is drawn. */
    private static final String READY_LINE = "oriel: desktop ready";

    /** A guest that resets itself this often before it was ready once is broken, not booting. */
    private static final int MAX_RESETS_BEFORE_READY = 3;

    private final String name;
    private final Path folder;
    private final Accelerator accelerator;
    private final long memoryLimitMib;
    private final KernelCache kernels = new KernelCache();
    private final Map<String, Slot> slots = new ConcurrentHashMap<>();
    private final List<HostListener> listeners = new CopyOnWriteArrayList<>();

    /** One machine's run and its lock. */
    private final class Slot {
        final MachineFolder files;
        final String machineName;

        /** Guarded by this slot's monitor for changes of power; read freely. */
        volatile @Nullable Run run;

        volatile PowerState power = PowerState.OFF;
        volatile Optional<String> failure = Optional.empty();

        Slot(String machineName) {
            this.machineName = machineName;
            this.files = new MachineFolder(folder.resolve(machineName));
        }
    }

    private static final class Run {
        final Machine machine;
        final int memoryMib;
        volatile boolean ready;
        final AtomicInteger resetsBeforeReady = new AtomicInteger();

        Run(Machine machine, int memoryMib) {
            this.machine = machine;
            this.memoryMib = memoryMib;
        }
    }

    /**
     * A host over a folder; what interrupted work left there is removed.
     *
     * @param name for people and records
     * @param folder one sub-folder a machine
     * @param accelerator what runs the processors
     * @param memoryLimitMib sum of the RAM of running machines; beyond it {@link #start} says {@code CAPACITY}
     * @throws IOException if the folder can't be used
     */
    public InProcessHost(String name, Path folder, Accelerator accelerator, long memoryLimitMib) throws IOException {
        this.name = name;
        this.folder = Files.createDirectories(folder);
        this.accelerator = accelerator;
        this.memoryLimitMib = memoryLimitMib;
        for (MachineFolder files : folders()) {
            if (files.isRubbish()) {
                LOG.info("removing what an interrupted creation of machine {} left", files.name());
                files.delete();
            }
        }
    }

    private List<MachineFolder> folders() throws IOException {
        try (Stream<Path> list = Files.list(folder)) {
            return list.filter(path -> MachineSpec.isName(path.getFileName().toString()))
                    .map(MachineFolder::new)
                    .toList();
        }
    }

    @Override
    public String name() {
        return name;
    }

    private Slot slot(String machine) {
        return slots.computeIfAbsent(machine, Slot::new);
    }

    @Override
    public void create(MachineSpec spec) throws HostException {
        Slot slot = slot(spec.name());
        synchronized (slot) {
            try {
                Optional<MachineFolder.Label> present = slot.files.label();
                if (present.isPresent()) {
                    requireOwner(spec, present.get());
                    if (present.get().generation() > spec.generation()) {
                        throw new HostException(
                                Reason.CONFLICT,
                                "machine %s is there in generation %d, later than %d"
                                        .formatted(spec.name(), present.get().generation(), spec.generation()));
                    }
                    if (present.get().generation() == spec.generation()) {
                        return;
                    }
                }
                halt(slot);
                slot.files.make();
                Path disk = slot.files.disk(spec.generation());
                Files.deleteIfExists(disk);
                DiskImages.createOverlay(disk, spec.goldenDisk(), formatOf(spec.goldenDisk()));
                slot.files.commit(new MachineFolder.Label(spec.owner(), spec.generation()));
                slot.failure = Optional.empty();
            } catch (DiskException e) {
                throw new HostException(e.full() ? Reason.CAPACITY : Reason.IMAGE, String.valueOf(e.getMessage()), e);
            } catch (IOException e) {
                throw new HostException(
                        MachineFolder.isFull(e) ? Reason.CAPACITY : Reason.FAILED,
                        "machine %s could not be made: %s".formatted(spec.name(), e.getMessage()),
                        e);
            }
        }
    }

    /** By name, never by content: what a guest wrote into a raw disk must not make it a qcow2. */
    private static DiskFormat formatOf(Path golden) {
        return golden.toString().endsWith(".raw") ? DiskFormat.RAW : DiskFormat.QCOW2;
    }

    private static void requireOwner(MachineSpec spec, MachineFolder.Label label) throws HostException {
        if (!label.owner().equals(spec.owner())) {
            throw new HostException(Reason.CONFLICT, "machine %s belongs to %s".formatted(spec.name(), label.owner()));
        }
    }

    @Override
    public void start(MachineSpec spec) throws HostException {
        Slot slot = slot(spec.name());
        synchronized (slot) {
            if (slot.run != null) {
                return;
            }
            try {
                MachineFolder.Label label = slot.files
                        .label()
                        .orElseThrow(() -> new HostException(
                                Reason.NOT_FOUND, "there is no machine " + spec.name() + ": create it first"));
                requireOwner(spec, label);
                if (label.generation() != spec.generation()) {
                    throw new HostException(
                            Reason.CONFLICT,
                            "machine %s is of generation %d, not %d"
                                    .formatted(spec.name(), label.generation(), spec.generation()));
                }
                admit(spec);
                slot.failure = Optional.empty();
                changePower(slot, PowerState.STARTING);
                powerOn(slot, spec);
            } catch (HostException e) {
                changePower(slot, PowerState.OFF);
                throw e;
            } catch (DiskException | FirmwareException e) {
                slot.failure = Optional.of(String.valueOf(e.getMessage()));
                changePower(slot, PowerState.OFF);
                throw new HostException(Reason.IMAGE, String.valueOf(e.getMessage()), e);
            } catch (IOException | RuntimeException e) {
                slot.failure = Optional.of(String.valueOf(e));
                changePower(slot, PowerState.OFF);
                throw new HostException(
                        Reason.FAILED, "machine %s could not be started: %s".formatted(spec.name(), e), e);
            }
        }
    }

    private void admit(MachineSpec spec) throws HostException {
        long used = slots.values().stream()
                .map(slot -> slot.run)
                .mapToLong(run -> run == null ? 0 : run.memoryMib)
                .sum();
        if (used + spec.memoryMib() > memoryLimitMib) {
            throw new HostException(
                    Reason.CAPACITY,
                    "host %s has %d of %d MiB of memory in use; machine %s needs %d MiB"
                            .formatted(name, used, memoryLimitMib, spec.name(), spec.memoryMib()));
        }
    }

    private void powerOn(Slot slot, MachineSpec spec) throws IOException {
        SerialLog serial = new SerialLog(slot.files.serialLog(), line -> serialLine(slot, line));
        DiskImage disk = null;
        try {
            disk = DiskImages.open(slot.files.disk(spec.generation()), Optional.of(DiskFormat.QCOW2), false);
            MachineConfig config = new MachineConfig(
                    spec.name(),
                    spec.memoryMib(),
                    spec.vcpus(),
                    accelerator,
                    new Boot.Kernel(
                            kernels.get(spec.boot().kernel()),
                            Initrd.read(spec.boot().initrd()),
                            spec.boot().commandLine() + " oriel.hostname=" + spec.name()),
                    List.of(disk),
                    MachineConfig.CdDrive.NONE,
                    spec.display(),
                    serial);
            Machine machine = new Machine(config);
            Run run = new Run(machine, spec.memoryMib());
            machine.addListener(new MachineListener() {
                @Override
                public void reset() {
                    machineReset(run);
                }

                @Override
                public void ended(MachineEnd end) {
                    serial.close();
                    machineEnded(slot, run, end);
                }
            });
            slot.run = run;
            changePower(slot, PowerState.ON); // before its thread can say that it is off again
            machine.start();
        } catch (RuntimeException e) {
            slot.run = null;
            serial.close();
            if (disk != null) {
                disk.close();
            }
            throw e;
        }
    }

    private void serialLine(Slot slot, String line) {
        Run run = slot.run;
        if (run != null && !run.ready && line.endsWith(READY_LINE)) {
            run.ready = true;
            status(slot).ifPresent(status -> listeners.forEach(listener -> listener.guestReady(status)));
        }
    }

    private static void machineReset(Run run) {
        if (!run.ready && run.resetsBeforeReady.incrementAndGet() > MAX_RESETS_BEFORE_READY) {
            run.machine.fail("the guest reset itself %d times without getting ready; its serial log tells why"
                    .formatted(run.resetsBeforeReady.get()));
        }
        run.ready = false;
    }

    private void machineEnded(Slot slot, Run run, MachineEnd end) {
        if (end.cause() == MachineEnd.Cause.FAILED) {
            LOG.warn("machine {} failed: {}", slot.machineName, end.detail());
            slot.failure = Optional.of(end.detail());
        }
        if (slot.run == run) {
            slot.run = null;
        }
        changePower(slot, PowerState.OFF);
    }

    private void changePower(Slot slot, PowerState power) {
        if (slot.power == power) {
            return;
        }
        slot.power = power;
        status(slot).ifPresent(status -> listeners.forEach(listener -> listener.powerChanged(status)));
    }

    private Optional<MachineStatus> status(Slot slot) {
        try {
            return slot.files.label().map(label -> status(slot, label));
        } catch (IOException e) {
            LOG.warn("machine {}: {}", slot.machineName, e.getMessage());
            return Optional.empty();
        }
    }

    private static MachineStatus status(Slot slot, MachineFolder.Label label) {
        Run run = slot.run;
        return new MachineStatus(
                slot.machineName,
                label.owner(),
                label.generation(),
                slot.power,
                run != null && run.ready,
                slot.failure);
    }

    private Run running(String machine) throws HostException {
        Slot slot = slot(machine);
        Run run = slot.run;
        if (run != null) {
            return run;
        }
        if (status(slot).isEmpty()) {
            throw new HostException(Reason.NOT_FOUND, "there is no machine " + machine);
        }
        throw new HostException(Reason.CONFLICT, "machine " + machine + " is off: start it");
    }

    @Override
    public void powerButton(String machine) throws HostException {
        if (status(slot(machine)).isEmpty()) {
            throw new HostException(Reason.NOT_FOUND, "there is no machine " + machine);
        }
        Run run = slot(machine).run;
        if (run != null) {
            run.machine.powerButton();
        }
    }

    @Override
    public void reset(String machine) throws HostException {
        Run run = running(machine);
        run.resetsBeforeReady.set(0);
        run.machine.reset();
    }

    @Override
    public void stop(String machine) throws HostException {
        Slot slot = slot(machine);
        synchronized (slot) {
            halt(slot);
        }
    }

    private static void halt(Slot slot) throws HostException {
        Run run = slot.run;
        if (run == null) {
            return;
        }
        try {
            run.machine.stop();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HostException(Reason.FAILED, "interrupted while machine " + slot.machineName + " stopped", e);
        }
    }

    @Override
    public void destroy(String machine) throws HostException {
        Slot slot = slot(machine);
        synchronized (slot) {
            halt(slot);
            try {
                slot.files.delete();
            } catch (IOException e) {
                throw new HostException(
                        Reason.FAILED, "the files of machine %s could not be deleted: %s".formatted(machine, e), e);
            }
            slot.power = PowerState.OFF;
            slot.failure = Optional.empty();
        }
    }

    @Override
    public List<MachineStatus> list() throws HostException {
        try {
            List<MachineStatus> all = new ArrayList<>();
            for (MachineFolder files : folders()) {
                status(slot(files.name())).ifPresent(all::add);
            }
            return all;
        } catch (IOException e) {
            throw new HostException(Reason.FAILED, "the machines in " + folder + " can't be listed: " + e, e);
        }
    }

    @Override
    public Optional<MachineStatus> find(String machine) {
        return MachineSpec.isName(machine) ? status(slot(machine)) : Optional.empty();
    }

    @Override
    public Optional<Display> display(String machine) {
        Slot slot = slots.get(machine);
        Run run = slot == null ? null : slot.run;
        return run == null ? Optional.empty() : Optional.of(run.machine.display());
    }

    @Override
    public Optional<GuestAgent> guestAgent(String machine) {
        Slot slot = slots.get(machine);
        Run run = slot == null ? null : slot.run;
        return run == null ? Optional.empty() : Optional.of(run.machine.guestAgent());
    }

    @Override
    public void addListener(HostListener listener) {
        listeners.add(listener);
    }

    @Override
    public void removeListener(HostListener listener) {
        listeners.remove(listener);
    }

    @Override
    public void close() {
        for (Slot slot : slots.values()) {
            synchronized (slot) {
                try {
                    halt(slot);
                } catch (HostException e) {
                    LOG.warn("{}", e.getMessage());
                }
            }
        }
    }
}
