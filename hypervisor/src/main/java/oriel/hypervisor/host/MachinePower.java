package oriel.hypervisor.host;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.hypervisor.cpu.emulated.SharedCode;
import oriel.hypervisor.disk.DiskException;
import oriel.hypervisor.disk.DiskFormat;
import oriel.hypervisor.disk.DiskImage;
import oriel.hypervisor.disk.DiskImages;
import oriel.hypervisor.disk.ReplaceableDisk;
import oriel.hypervisor.firmware.Boot;
import oriel.hypervisor.guest.GuestIdentity;
import oriel.hypervisor.host.HostException.Reason;
import oriel.hypervisor.machine.Accelerator;
import oriel.hypervisor.machine.Machine;
import oriel.hypervisor.machine.MachineConfig;
import oriel.hypervisor.machine.MachineEnd;
import oriel.hypervisor.machine.MachineListener;
import oriel.hypervisor.machine.SavedMachine;
import oriel.hypervisor.network.NetworkCard;
import oriel.hypervisor.schedule.CpuScheduler;

/** Powers a host's machines on and off, and tells listeners. Calls on one machine are made under its slot's monitor. */
final class MachinePower {
    private static final Logger LOG = LoggerFactory.getLogger(MachinePower.class);

    private final Accelerator accelerator;
    private final String host;
    private final HostCapacity capacity;
    private final BootCache boots;
    private final SharedCode sharedCode;
    private final Templates templates;
    private final MachineNetworks networks;
    private final CpuScheduler processors;
    private final Supplier<Collection<MachineSlot>> slots;
    private final LongSupplier preparingMib;
    private final ExecutorService upkeep;
    private final List<HostListener> listeners = new CopyOnWriteArrayList<>();
    private volatile boolean closing;

    /**
     * For a host.
     *
     * @param slots of all of its machines
     * @param preparingMib what templates take that are being prepared
     */
    MachinePower(
            String host,
            Accelerator accelerator,
            HostCapacity capacity,
            BootCache boots,
            SharedCode sharedCode,
            Templates templates,
            MachineNetworks networks,
            CpuScheduler processors,
            Supplier<Collection<MachineSlot>> slots,
            LongSupplier preparingMib) {
        this.accelerator = accelerator;
        this.host = host;
        this.capacity = capacity;
        this.boots = boots;
        this.sharedCode = sharedCode;
        this.templates = templates;
        this.networks = networks;
        this.processors = processors;
        this.slots = slots;
        this.preparingMib = preparingMib;
        this.upkeep = Executors.newSingleThreadExecutor(Thread.ofPlatform()
                .name("host " + host + " upkeep")
                .daemon(true)
                .factory());
    }

    void addListener(HostListener listener) {
        listeners.add(listener);
    }

    void removeListener(HostListener listener) {
        listeners.remove(listener);
    }

    /** See {@link HypervisorHost#start}. */
    void start(MachineSlot slot, MachineSpec spec) throws HostException {
        synchronized (slot) {
            if (slot.run != null) {
                return;
            }
            powering(slot, () -> {
                MachineFolder.Label label = slot.requireLabel();
                MachineSlot.requireOwner(spec, label);
                if (label.generation() != spec.generation()) {
                    throw new HostException(
                            Reason.CONFLICT,
                            "machine %s is of generation %d, not %d"
                                    .formatted(spec.name(), label.generation(), spec.generation()));
                }
                Optional<String> parent = forkable(slot, label);
                RunSpec run = RunSpec.of(spec);
                if (parent.isPresent()) {
                    run = run.cardLike(templates.run(parent.get()));
                }
                powerOn(slot, label, run, saved(parent), true);
            });
        }
    }

    private Optional<SavedMachine> saved(Optional<String> template) throws IOException {
        return template.isPresent() ? Optional.of(templates.machine(template.get())) : Optional.empty();
    }

    /** Does what powers a machine on; if it fails, the machine is off, and knows why. */
    void powering(MachineSlot slot, HostWork.Task work) throws HostException {
        try {
            HostWork.doing("machine " + slot.machineName + " could not be started", work);
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
    private Optional<String> forkable(MachineSlot slot, MachineFolder.Label label) throws IOException {
        if (label.template().isEmpty()
                || label.layers().parents().size() > 1
                || !DiskImages.isUntouched(slot.files.disk(label))) {
            return Optional.empty();
        }
        return label.template();
    }

    void powerOn(
            MachineSlot slot, MachineFolder.Label label, RunSpec spec, Optional<SavedMachine> saved, boolean savedReady)
            throws IOException, HostException {
        admit(slot.machineName, MachineRun.promise(spec, saved.isPresent(), 0));
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
                            serial,
                            cards(slot.machineName, label.owner(), spec))
                    .with(sharedCode);
            Machine machine = saved.isPresent() ? Machine.resume(config, saved.get()) : new Machine(config);
            MachineRun run = new MachineRun(
                    machine,
                    disk,
                    spec,
                    machine.shareProcessors(processors, spec.resources().cpu()),
                    saved.isPresent());
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
            boolean wasReady = saved.isPresent() && savedReady;
            run.ready = wasReady;
            slot.run = run;
            changePower(slot, PowerState.ON); // before its thread can say that it is off again
            if (saved.isPresent()) {
                var _ = machine.identify(label.template()
                        .map(_ -> GuestIdentity.of(slot.machineName, label.owner(), label.generation())));
            }
            machine.start();
            if (label.layers().parents().size() > 1) {
                consolidateLater(slot);
            }
            if (wasReady) { // one that boots says so itself, perhaps before start() has returned
                status(slot).ifPresent(status -> listeners.forEach(listener -> listener.guestReady(status)));
            }
        } catch (IOException | HostException | RuntimeException e) {
            slot.run = null;
            serial.close();
            if (disk != null) {
                disk.close();
            }
            throw e;
        }
    }

    private List<NetworkCard> cards(String machine, String owner, RunSpec spec) throws HostException {
        return spec.network().isEmpty()
                ? List.of()
                : List.of(networks.card(machine, owner, spec.network().get()));
    }

    /** What a guest flushes is safe only if the machine is. */
    private static void syncLabel(MachineSlot slot) {
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

    /** Lets a machine in, or says why not; takes memory back from others first. */
    void admit(String machine, HostCapacity.Promise needs) throws HostException {
        if (capacity.missingMib(needs, given()) > 0) {
            MemoryReclaim.take(runs(), () -> capacity.missingMib(needs, given()));
        }
        try {
            capacity.admit(host, machine, needs, given());
        } catch (HostException e) {
            giveMemoryBack(); // what was taken is of no use
            throw e;
        }
    }

    private List<MachineRun> runs() {
        return slots.get().stream().flatMap(slot -> Stream.ofNullable(slot.run)).toList();
    }

    /** What running machines, and templates that are being prepared, are promised. */
    HostCapacity.Promise given() {
        return runs().stream()
                .map(MachineRun::promise)
                .reduce(new HostCapacity.Promise(0, 0, preparingMib.getAsLong()), HostCapacity.Promise::plus);
    }

    private void serialLine(MachineSlot slot, String line) {
        MachineRun run = slot.run;
        if (run != null && !run.ready && line.endsWith(InProcessHost.READY_LINE)) {
            run.ready = true;
            status(slot).ifPresent(status -> listeners.forEach(listener -> listener.guestReady(status)));
        }
    }

    private void machineEnded(MachineSlot slot, MachineRun run, MachineEnd end) {
        if (end.cause() == MachineEnd.Cause.FAILED) {
            LOG.warn("machine {} failed: {}", slot.machineName, end.detail());
            slot.failure = Optional.of(end.detail());
        }
        if (slot.run == run) {
            slot.run = null;
            giveMemoryBack();
        }
        changePower(slot, PowerState.OFF);
    }

    /** There may be room again for what others gave. */
    private void giveMemoryBack() {
        MemoryReclaim.give(runs(), Math.max(0, capacity.memoryMib() - given().memoryMib()));
    }

    void changePower(MachineSlot slot, PowerState power) {
        if (slot.power == power) {
            return;
        }
        slot.power = power;
        status(slot).ifPresent(status -> listeners.forEach(listener -> listener.powerChanged(status)));
    }

    Optional<MachineStatus> status(MachineSlot slot) {
        try {
            return slot.files.label().map(label -> status(slot, label));
        } catch (IOException e) {
            LOG.warn("machine {}: {}", slot.machineName, e.getMessage());
            return Optional.empty();
        }
    }

    private static MachineStatus status(MachineSlot slot, MachineFolder.Label label) {
        MachineRun run = slot.run;
        return new MachineStatus(
                slot.machineName,
                label.owner(),
                label.generation(),
                slot.power,
                run != null && run.ready,
                slot.failure);
    }

    /** Takes the power away from a machine whose disk is about to be thrown away. */
    static void abandon(MachineSlot slot) throws HostException {
        MachineRun run = slot.run;
        if (run != null) {
            run.disk.abandon();
        }
        halt(slot);
    }

    static void halt(MachineSlot slot) throws HostException {
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

    void consolidateLater(MachineSlot slot) {
        upkeep.execute(() -> consolidate(slot));
    }

    /** Waits for what the host does by itself for machines. */
    void awaitUpkeep() throws InterruptedException {
        try {
            upkeep.submit(() -> {}).get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Ends what the host does by itself, and takes the power from all machines. */
    void close() {
        closing = true;
        upkeep.close();
        for (MachineSlot slot : slots.get()) {
            synchronized (slot) {
                try {
                    halt(slot);
                } catch (HostException e) {
                    LOG.warn("{}", e.getMessage());
                }
            }
        }
    }

    /** Merges layers that no snapshot needs any more into the one that a running machine writes. */
    private void consolidate(MachineSlot slot) {
        try {
            new LayerMerge(slot.files, slot, () -> slot.run, () -> closing).run();
        } catch (IOException | RuntimeException e) {
            LOG.info("machine {}: its disk's layers stay apart for now: {}", slot.machineName, e.getMessage());
        }
    }
}
