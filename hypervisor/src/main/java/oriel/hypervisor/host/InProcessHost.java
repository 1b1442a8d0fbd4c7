package oriel.hypervisor.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.hypervisor.bus.StateException;
import oriel.hypervisor.cpu.emulated.SharedCode;
import oriel.hypervisor.disk.DiskException;
import oriel.hypervisor.disk.DiskFormat;
import oriel.hypervisor.disk.DiskImage;
import oriel.hypervisor.disk.DiskImages;
import oriel.hypervisor.disk.Qcow2Converter;
import oriel.hypervisor.disk.ReplaceableDisk;
import oriel.hypervisor.display.Display;
import oriel.hypervisor.firmware.Boot;
import oriel.hypervisor.firmware.FirmwareException;
import oriel.hypervisor.guest.GuestAgent;
import oriel.hypervisor.guest.GuestIdentity;
import oriel.hypervisor.host.HostException.Reason;
import oriel.hypervisor.machine.Accelerator;
import oriel.hypervisor.machine.Machine;
import oriel.hypervisor.machine.MachineConfig;
import oriel.hypervisor.machine.MachineEnd;
import oriel.hypervisor.machine.MachineListener;
import oriel.hypervisor.machine.MachineStatistics;
import oriel.hypervisor.machine.MemoryBalloon;
import oriel.hypervisor.machine.SavedMachine;

/**
 * Machines in this process, on the integrated VMM; their files under one folder. Thread-safe: calls on one machine are
 * serialised, calls on different machines run side by side.
 */
public final class InProcessHost implements HypervisorHost {
    private static final Logger LOG = LoggerFactory.getLogger(InProcessHost.class);

    /** What the golden images print on the serial console when the desktop is drawn. */
    static final String READY_LINE = "oriel: desktop ready";

    /** No machine's name. */
    private static final String TEMPLATES = ".templates";

    private final String name;
    private final Path folder;
    private final Accelerator accelerator;
    private final MemoryBudget memory;
    private final BootCache boots = new BootCache();
    private final SharedCode sharedCode = new SharedCode(SharedCode.DEFAULT_MIB);
    private final Templates templates;
    private final Map<String, TemplatePreparation> preparations = new ConcurrentHashMap<>();
    private final Map<String, Slot> slots = new ConcurrentHashMap<>();
    private final ExecutorService upkeep;
    private volatile boolean closing;
    private final List<HostListener> listeners = new CopyOnWriteArrayList<>();

    /** One machine's run and its lock. */
    private final class Slot {
        final MachineFolder files;
        final String machineName;

        /** Guarded by this slot's monitor for changes of power; read freely. */
        volatile @Nullable MachineRun run;

        volatile PowerState power = PowerState.OFF;
        volatile Optional<String> failure = Optional.empty();

        Slot(String machineName) {
            this.machineName = machineName;
            this.files = new MachineFolder(folder.resolve(machineName));
        }
    }

    /**
     * A host over a folder; what interrupted work left there is removed.
     *
     * @param name for people and records
     * @param folder one sub-folder a machine
     * @param accelerator what runs the processors
     * @param memoryLimitMib sum of the RAM of running machines, of which instant clones count a quarter; beyond it
     *     {@link #start} says {@code CAPACITY}
     * @throws IOException if the folder can't be used
     */
    public InProcessHost(String name, Path folder, Accelerator accelerator, long memoryLimitMib) throws IOException {
        this.name = name;
        this.folder = Files.createDirectories(folder);
        this.accelerator = accelerator;
        this.memory = new MemoryBudget(name, memoryLimitMib);
        this.templates = new Templates(folder.resolve(TEMPLATES));
        this.upkeep = Executors.newSingleThreadExecutor(Thread.ofPlatform()
                .name("host " + name + " upkeep")
                .daemon(true)
                .factory());
        templates.clean();
        for (MachineFolder files : folders()) {
            clean(files);
        }
    }

    private static void clean(MachineFolder files) throws IOException {
        if (files.isRubbish()) {
            LOG.info("removing what an interrupted creation of machine {} left", files.name());
            files.delete();
            return;
        }
        try {
            Optional<MachineFolder.Label> label = files.label();
            if (label.isPresent()) {
                files.clean(label.get());
            }
        } catch (IOException e) {
            LOG.warn("machine {}: {}", files.name(), e.getMessage()); // one damaged machine isn't a damaged host
        }
    }

    private List<MachineFolder> folders() throws IOException {
        return FileTree.list(folder).stream()
                .filter(path -> MachineSpec.isName(path.getFileName().toString()))
                .map(MachineFolder::new)
                .toList();
    }

    @Override
    public String name() {
        return name;
    }

    private Slot slot(String machine) {
        return slots.computeIfAbsent(machine, Slot::new);
    }

    /** Work that fails as files, disks and saved machines do. */
    private interface Work<T> {
        T run() throws IOException, HostException;
    }

    /** The same without a result. */
    private interface Task {
        void run() throws IOException, HostException;
    }

    private static void doing(String what, Task task) throws HostException {
        reporting(what, () -> {
            task.run();
            return what;
        });
    }

    /** Does it, and says by a {@link HostException} what went wrong. */
    private static <T> T reporting(String what, Work<T> work) throws HostException {
        try {
            return work.run();
        } catch (DiskException e) {
            throw new HostException(e.full() ? Reason.CAPACITY : Reason.IMAGE, String.valueOf(e.getMessage()), e);
        } catch (FirmwareException | StateException e) {
            throw new HostException(Reason.IMAGE, String.valueOf(e.getMessage()), e);
        } catch (OutOfMemoryError e) {
            throw new HostException(Reason.CAPACITY, what + ": " + e.getMessage(), e);
        } catch (IOException e) {
            throw new HostException(
                    FileTree.isFull(e) ? Reason.CAPACITY : Reason.FAILED, what + ": " + e.getMessage(), e);
        } catch (RuntimeException e) {
            throw new HostException(Reason.FAILED, what + ": " + e, e);
        }
    }

    @Override
    public void create(MachineSpec spec) throws HostException {
        Slot slot = slot(spec.name());
        synchronized (slot) {
            doing("machine " + spec.name() + " could not be made", () -> {
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
                Optional<Templates.Parent> template = spec.cloning() instanceof Cloning.Instant(String from)
                        ? Optional.of(fittingTemplate(from, spec))
                        : Optional.empty();
                abandon(slot);
                slot.files.make();
                MachineFolder.Label label = new MachineFolder.Label(
                        spec.owner(),
                        spec.generation(),
                        DiskLayers.FIRST,
                        template.map(parent -> parent.entry().name()));
                makeDisk(slot.files, label, spec, template);
                if (template.isPresent()) {
                    slot.files.commitUnsynced(label); // until its guest flushes its disk, it can be made again as it is
                } else {
                    slot.files.commit(label);
                }
                slot.files.clean(label);
                slot.failure = Optional.empty();
            });
        }
    }

    private Templates.Parent fittingTemplate(String template, MachineSpec spec) throws IOException, HostException {
        Templates.Parent parent = templates
                .parent(template)
                .orElseThrow(() -> new HostException(
                        Reason.NOT_FOUND, "there is no sealed template " + template + ": prepare it first"));
        Templates.Entry entry = parent.entry();
        if (!entry.owner().equals(spec.owner())) {
            throw new HostException(Reason.CONFLICT, "template %s belongs to %s".formatted(template, entry.owner()));
        }
        if (entry.run().memoryMib() != spec.memoryMib() || entry.run().vcpus() != spec.vcpus()) {
            throw new HostException(
                    Reason.CONFLICT,
                    "template %s has %d MiB and %d processors, machine %s wants %d and %d: prepare another template"
                            .formatted(
                                    template,
                                    entry.run().memoryMib(),
                                    entry.run().vcpus(),
                                    spec.name(),
                                    spec.memoryMib(),
                                    spec.vcpus()));
        }
        return parent;
    }

    private void makeDisk(
            MachineFolder files, MachineFolder.Label label, MachineSpec spec, Optional<Templates.Parent> template)
            throws IOException {
        Path disk = files.disk(label);
        Files.deleteIfExists(disk);
        if (template.isPresent()) {
            Path below = Templates.disk(templates.folder(template.get().entry().name()));
            DiskImages.createOverlay(
                    disk, below, DiskFormat.QCOW2, template.get().diskSize(), DiskImages.Durability.WITH_FIRST_FLUSH);
        } else if (spec.cloning() instanceof Cloning.Full) {
            Path partial = files.partialDisk();
            Files.deleteIfExists(partial);
            try (DiskImage golden =
                    DiskImages.open(spec.goldenDisk(), Optional.of(formatOf(spec.goldenDisk())), true)) {
                Qcow2Converter.convert(golden, partial);
            }
            Files.move(partial, disk, StandardCopyOption.ATOMIC_MOVE);
        } else {
            DiskImages.createOverlay(disk, spec.goldenDisk(), formatOf(spec.goldenDisk()));
        }
    }

    /** By name, never by content: what a guest wrote into a raw disk must not make it a qcow2. */
    static DiskFormat formatOf(Path golden) {
        return golden.toString().endsWith(".raw") ? DiskFormat.RAW : DiskFormat.QCOW2;
    }

    private static void requireOwner(MachineSpec spec, MachineFolder.Label label) throws HostException {
        if (!label.owner().equals(spec.owner())) {
            throw new HostException(Reason.CONFLICT, "machine %s belongs to %s".formatted(spec.name(), label.owner()));
        }
    }

    private MachineFolder.Label requireLabel(Slot slot) throws IOException, HostException {
        return slot.files
                .label()
                .orElseThrow(() -> new HostException(
                        Reason.NOT_FOUND, "there is no machine " + slot.machineName + ": create it first"));
    }

    @Override
    public void start(MachineSpec spec) throws HostException {
        Slot slot = slot(spec.name());
        synchronized (slot) {
            if (slot.run != null) {
                return;
            }
            powering(slot, () -> {
                MachineFolder.Label label = requireLabel(slot);
                requireOwner(spec, label);
                if (label.generation() != spec.generation()) {
                    throw new HostException(
                            Reason.CONFLICT,
                            "machine %s is of generation %d, not %d"
                                    .formatted(spec.name(), label.generation(), spec.generation()));
                }
                powerOn(slot, label, RunSpec.of(spec), forkable(slot, label), true);
            });
        }
    }

    /** Does what powers a machine on; if it fails, the machine is off, and knows why. */
    private void powering(Slot slot, Task work) throws HostException {
        try {
            doing("machine " + slot.machineName + " could not be started", work);
        } catch (HostException e) {
            if (e.reason() == Reason.IMAGE || e.reason() == Reason.FAILED) {
                slot.failure = Optional.of(String.valueOf(e.getMessage()));
            }
            changePower(slot, PowerState.OFF);
            throw e;
        }
    }

    /**
     * What an instant clone is forked from, as long as its disk shows the template's and nothing else: then its guest
     * never wrote, and the template's memory is the truth about its disk.
     */
    private Optional<SavedMachine> forkable(Slot slot, MachineFolder.Label label) throws IOException {
        if (label.template().isEmpty()
                || label.layers().parents().size() > 1
                || !DiskImages.isUntouched(slot.files.disk(label))) {
            return Optional.empty();
        }
        return Optional.of(templates.machine(label.template().get()));
    }

    private void powerOn(
            Slot slot, MachineFolder.Label label, RunSpec spec, Optional<SavedMachine> saved, boolean savedReady)
            throws IOException, HostException {
        memory.admit(slot.machineName, charge(spec, saved.isPresent()), used());
        slot.failure = Optional.empty();
        changePower(slot, PowerState.STARTING);
        SerialLog serial = new SerialLog(slot.files.serialLog(), line -> serialLine(slot, line));
        ReplaceableDisk disk = null;
        try {
            disk = new ReplaceableDisk(open(slot.files.disk(label)).get());
            if (label.template().isPresent()) {
                disk.beforeFirstFlush(() -> syncLabel(slot));
            }
            MachineConfig config = new MachineConfig(
                            slot.machineName,
                            spec.memoryMib(),
                            spec.vcpus(),
                            accelerator,
                            boot(spec, slot.machineName, saved.isPresent()),
                            List.of(disk),
                            MachineConfig.CdDrive.NONE,
                            spec.display(),
                            serial)
                    .with(sharedCode);
            Machine machine = saved.isPresent() ? Machine.resume(config, saved.get()) : new Machine(config);
            MachineRun run = new MachineRun(machine, disk, spec, saved.isPresent());
            machine.addListener(new MachineListener() {
                @Override
                public void reset() {
                    run.guestReset();
                }

                @Override
                public void ended(MachineEnd end) {
                    serial.close();
                    machineEnded(slot, run, end);
                }
            });
            run.ready = saved.isPresent() && savedReady;
            slot.run = run;
            changePower(slot, PowerState.ON); // before its thread can say that it is off again
            if (saved.isPresent()) {
                var _ = machine.identify(label.template()
                        .map(_ -> GuestIdentity.of(slot.machineName, label.owner(), label.generation())));
            }
            machine.start();
            if (label.layers().parents().size() > 1) {
                upkeep.execute(() -> consolidate(slot));
            }
            if (run.ready) {
                status(slot).ifPresent(status -> listeners.forEach(listener -> listener.guestReady(status)));
            }
        } catch (IOException | RuntimeException e) {
            slot.run = null;
            serial.close();
            if (disk != null) {
                disk.close();
            }
            throw e;
        }
    }

    /** What a guest flushes is safe only if the machine is. */
    private static void syncLabel(Slot slot) {
        try {
            slot.files.syncLabel();
        } catch (IOException e) {
            throw new DiskException(
                    "the label of machine %s can't be made durable: %s".formatted(slot.machineName, e.getMessage()), e);
        }
    }

    /** A fork must not wait for a kernel that it needs only if it is ever reset. */
    private Boot boot(RunSpec spec, String machine, boolean later) {
        return later ? new Boot.Deferred(() -> boots.get(spec.boot(), machine)) : boots.get(spec.boot(), machine);
    }

    private static Supplier<DiskImage> open(Path disk) {
        return () -> DiskImages.open(disk, Optional.of(DiskFormat.QCOW2), false);
    }

    private static long charge(RunSpec spec, boolean forked) {
        return forked ? Math.max(1, spec.memoryMib() / 4) : spec.memoryMib();
    }

    private long used() {
        long running = slots.values().stream()
                .map(slot -> slot.run)
                .mapToLong(run -> run == null ? 0 : charge(run.spec, run.forked))
                .sum();
        return running
                + preparations.values().stream()
                        .mapToLong(TemplatePreparation::memoryMib)
                        .sum();
    }

    private void serialLine(Slot slot, String line) {
        MachineRun run = slot.run;
        if (run != null && !run.ready && line.endsWith(READY_LINE)) {
            run.ready = true;
            status(slot).ifPresent(status -> listeners.forEach(listener -> listener.guestReady(status)));
        }
    }

    private void machineEnded(Slot slot, MachineRun run, MachineEnd end) {
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
        MachineRun run = slot.run;
        return new MachineStatus(
                slot.machineName,
                label.owner(),
                label.generation(),
                slot.power,
                run != null && run.ready,
                slot.failure);
    }

    @Override
    public void powerButton(String machine) throws HostException {
        requireMachine(machine);
        MachineRun run = slot(machine).run;
        if (run != null) {
            run.machine.powerButton();
        }
    }

    @Override
    public void reset(String machine) throws HostException {
        requireMachine(machine);
        MachineRun run = slot(machine).run;
        if (run == null) {
            throw new HostException(Reason.CONFLICT, "machine " + machine + " is off: start it");
        }
        run.reset();
    }

    private void requireMachine(String machine) throws HostException {
        if (find(machine).isEmpty()) {
            throw new HostException(Reason.NOT_FOUND, "there is no machine " + machine);
        }
    }

    @Override
    public void stop(String machine) throws HostException {
        Slot slot = slot(machine);
        synchronized (slot) {
            halt(slot);
        }
    }

    /** Takes the power away from a machine whose disk is about to be thrown away. */
    private static void abandon(Slot slot) throws HostException {
        MachineRun run = slot.run;
        if (run != null) {
            run.disk.abandon();
        }
        halt(slot);
    }

    private static void halt(Slot slot) throws HostException {
        MachineRun run = slot.run;
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
            abandon(slot);
            doing("the files of machine " + machine + " could not be deleted", () -> {
                slot.files.delete();
            });
            slot.power = PowerState.OFF;
            slot.failure = Optional.empty();
        }
    }

    @Override
    public List<MachineStatus> list() throws HostException {
        return reporting("the machines in " + folder + " can't be listed", () -> {
            List<MachineStatus> all = new ArrayList<>();
            for (MachineFolder files : folders()) {
                status(slot(files.name())).ifPresent(all::add);
            }
            return all;
        });
    }

    @Override
    public Optional<MachineStatus> find(String machine) {
        return MachineSpec.isName(machine) ? status(slot(machine)) : Optional.empty();
    }

    @Override
    public SnapshotInfo snapshot(String machine, String snapshot, boolean withMemory) throws HostException {
        requireName(snapshot);
        requireMachine(machine);
        Slot slot = slot(machine);
        synchronized (slot) {
            return reporting("machine %s could not be snapshotted".formatted(machine), () -> {
                MachineFolder.Label label = requireLabel(slot);
                Snapshots snapshots = slot.files.snapshots();
                Optional<Snapshots.Entry> present = snapshots.find(snapshot);
                MachineRun run = slot.run;
                if (present.isEmpty()) {
                    if (run == null && withMemory) {
                        throw new HostException(
                                Reason.CONFLICT,
                                "machine %s is off, so it has no memory to keep: start it, or keep its disk only"
                                        .formatted(machine));
                    }
                    new SnapshotTaking(slot.files, snapshots, label).take(snapshot, run, withMemory);
                } else if (present.get().hasMemory() != withMemory) {
                    throw new HostException(
                            Reason.CONFLICT,
                            "machine %s has a snapshot %s already, %s memory: choose another name"
                                    .formatted(machine, snapshot, withMemory ? "without" : "with"));
                }
                return snapshots(slot, requireLabel(slot)).stream()
                        .filter(info -> info.name().equals(snapshot))
                        .findFirst()
                        .orElseThrow(() -> new IOException("snapshot " + snapshot + " is gone again"));
            });
        }
    }

    private static void requireName(String snapshot) {
        if (!MachineSpec.isName(snapshot)) {
            throw new IllegalArgumentException("\"" + snapshot + "\" is no snapshot name");
        }
    }

    @Override
    public List<SnapshotInfo> snapshots(String machine) throws HostException {
        if (!MachineSpec.isName(machine)) {
            return List.of();
        }
        Slot slot = slot(machine);
        synchronized (slot) {
            return reporting("the snapshots of machine %s can't be listed".formatted(machine), () -> {
                Optional<MachineFolder.Label> label = slot.files.label();
                return label.isEmpty() ? List.of() : snapshots(slot, label.get());
            });
        }
    }

    private static List<SnapshotInfo> snapshots(Slot slot, MachineFolder.Label label) throws IOException {
        Map<Integer, Snapshots.Entry> byLayer = slot.files.snapshots().list().stream()
                .filter(entry -> entry.generation() == label.generation())
                .collect(
                        Collectors.toMap(Snapshots.Entry::layer, Function.identity(), (a, _) -> a, LinkedHashMap::new));
        DiskLayers layers = label.layers();
        Optional<Integer> current = layers.nearestBelow(layers.head(), byLayer.keySet());
        return byLayer.values().stream()
                .map(entry -> new SnapshotInfo(
                        entry.name(),
                        layers.nearestBelow(entry.layer(), byLayer.keySet())
                                .map(byLayer::get)
                                .map(Snapshots.Entry::name),
                        entry.taken(),
                        entry.bytes(),
                        entry.hasMemory(),
                        current.equals(Optional.of(entry.layer()))))
                .toList();
    }

    @Override
    public void restore(String machine, String snapshot) throws HostException {
        requireMachine(machine);
        Slot slot = slot(machine);
        synchronized (slot) {
            powering(slot, () -> {
                MachineFolder.Label label = requireLabel(slot);
                Snapshots snapshots = slot.files.snapshots();
                Snapshots.Entry entry = snapshots
                        .find(snapshot)
                        .filter(found -> found.generation() == label.generation())
                        .orElseThrow(() -> new HostException(
                                Reason.NOT_FOUND, "machine %s has no snapshot %s".formatted(machine, snapshot)));
                // Read before anything is given up: a snapshot that can't be read must not cost the present state.
                Optional<SavedMachine> saved = entry.hasMemory()
                        ? Optional.of(SavedMachine.read(snapshots.saved(snapshots.folder(snapshot))))
                        : Optional.empty();
                halt(slot);
                MachineFolder.Label back = label.with(label.layers().on(entry.layer()));
                Path disk = slot.files.disk(back);
                Files.deleteIfExists(disk);
                DiskImages.createOverlay(disk, slot.files.disk(label.generation(), entry.layer()), DiskFormat.QCOW2);
                back = back.with(back.layers().prune(snapshots.layers()));
                slot.files.commit(back);
                slot.files.clean(back);
                if (saved.isPresent() && entry.run().isPresent()) {
                    powerOn(slot, back, entry.run().get(), saved, entry.guestReady());
                }
            });
        }
    }

    @Override
    public void deleteSnapshot(String machine, String snapshot) throws HostException {
        if (!MachineSpec.isName(machine)) {
            return;
        }
        Slot slot = slot(machine);
        synchronized (slot) {
            doing("snapshot %s of machine %s could not be deleted".formatted(snapshot, machine), () -> {
                Optional<MachineFolder.Label> label = slot.files.label();
                if (label.isPresent()) {
                    Snapshots snapshots = slot.files.snapshots();
                    snapshots.delete(snapshot);
                    MachineFolder.Label less =
                            label.get().with(label.get().layers().prune(snapshots.layers()));
                    slot.files.commit(less);
                    slot.files.clean(less);
                }
            });
        }
        upkeep.execute(() -> consolidate(slot));
    }

    /** Merges layers that no snapshot needs any more into the one that a running machine writes. */
    private void consolidate(Slot slot) {
        try {
            new LayerMerge(slot.files, slot, () -> slot.run, () -> closing).run();
        } catch (IOException | RuntimeException e) {
            LOG.info("machine {}: its disk's layers stay apart for now: {}", slot.machineName, e.getMessage());
        }
    }

    /** Waits for what the host does by itself for machines. */
    void awaitUpkeep() throws InterruptedException {
        try {
            upkeep.submit(() -> {}).get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void exportDisk(String machine, Path target) throws HostException {
        if (!MachineSpec.isName(machine)) {
            throw new HostException(Reason.NOT_FOUND, "there is no machine " + machine);
        }
        Slot slot = slot(machine);
        synchronized (slot) {
            doing("the disk of machine %s could not be copied".formatted(machine), () -> {
                MachineFolder.Label label = requireLabel(slot);
                if (slot.run != null) {
                    throw new HostException(
                            Reason.CONFLICT, "machine %s runs: its disk can't be copied now".formatted(machine));
                }
                Files.deleteIfExists(target);
                try (DiskImage disk = DiskImages.open(slot.files.disk(label), Optional.of(DiskFormat.QCOW2), true)) {
                    Qcow2Converter.convert(disk, target);
                }
            });
        }
    }

    @Override
    public void prepareTemplate(TemplateSpec spec, Duration patience) throws HostException {
        TemplatePreparation preparation = preparations.computeIfAbsent(
                spec.name(), _ -> new TemplatePreparation(templates, accelerator, boots, sharedCode));
        synchronized (preparation) {
            doing("template " + spec.name() + " could not be prepared", () -> {
                Optional<Templates.Entry> present = templates.find(spec.name());
                if (present.isPresent()) {
                    requireSame(spec, present.get());
                    return;
                }
                memory.admit(spec.name(), spec.memoryMib(), used());
                preparation.prepare(spec, patience);
            });
        }
    }

    private static void requireSame(TemplateSpec spec, Templates.Entry entry) throws HostException {
        if (!entry.owner().equals(spec.owner())) {
            throw new HostException(Reason.CONFLICT, "template %s belongs to %s".formatted(spec.name(), entry.owner()));
        }
        if (!entry.golden().equals(spec.goldenDisk()) || !entry.run().equals(RunSpec.of(spec))) {
            throw new HostException(
                    Reason.CONFLICT,
                    "template %s was sealed from another image or with other sizes: choose another name"
                            .formatted(spec.name()));
        }
    }

    @Override
    public Optional<Display> templateDisplay(String template) {
        return Optional.ofNullable(preparations.get(template)).flatMap(TemplatePreparation::display);
    }

    @Override
    public List<TemplateStatus> templates() throws HostException {
        return reporting("the templates in " + folder + " can't be listed", () -> {
            List<TemplateStatus> all = new ArrayList<>();
            templates.list().forEach(entry -> all.add(entry.status()));
            preparations.values().forEach(preparation -> preparation.status().ifPresent(all::add));
            return all;
        });
    }

    @Override
    public void deleteTemplate(String template) throws HostException {
        if (!MachineSpec.isName(template)) {
            return;
        }
        TemplatePreparation preparation = preparations.computeIfAbsent(
                template, _ -> new TemplatePreparation(templates, accelerator, boots, sharedCode));
        synchronized (preparation) {
            doing("template " + template + " could not be deleted", () -> {
                List<String> users = new ArrayList<>();
                for (MachineFolder files : folders()) {
                    files.label()
                            .filter(label -> label.template().equals(Optional.of(template)))
                            .ifPresent(_ -> users.add(files.name()));
                }
                if (!users.isEmpty()) {
                    throw new HostException(
                            Reason.CONFLICT,
                            "machines lie on template %s: destroy or refresh %s first"
                                    .formatted(template, String.join(", ", users)));
                }
                templates.delete(template);
            });
        }
    }

    @Override
    public Optional<Display> display(String machine) {
        Slot slot = slots.get(machine);
        MachineRun run = slot == null ? null : slot.run;
        return run == null ? Optional.empty() : Optional.of(run.machine.display());
    }

    @Override
    public Optional<GuestAgent> guestAgent(String machine) {
        Slot slot = slots.get(machine);
        MachineRun run = slot == null ? null : slot.run;
        return run == null ? Optional.empty() : Optional.of(run.machine.guestAgent());
    }

    @Override
    public Optional<MachineUsage> usage(String machine) {
        Slot slot = slots.get(machine);
        MachineRun run = slot == null ? null : slot.run;
        if (run == null) {
            return Optional.empty();
        }
        MachineStatistics used = run.machine.statistics();
        OptionalLong available = run.machine.balloon().usage().stream()
                .mapToLong(MemoryBalloon.Usage::available)
                .findFirst();
        return Optional.of(new MachineUsage(
                used.wall(), used.cpu(), (long) run.spec.memoryMib() << 20, run.machine.privateMemory(), available));
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
        closing = true;
        upkeep.close();
        preparations.values().forEach(TemplatePreparation::cancel);
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
