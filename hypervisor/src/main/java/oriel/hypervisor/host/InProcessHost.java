package oriel.hypervisor.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.hypervisor.cpu.emulated.SharedCode;
import oriel.hypervisor.display.Display;
import oriel.hypervisor.guest.GuestAgent;
import oriel.hypervisor.host.HostException.Reason;
import oriel.hypervisor.machine.Accelerator;
import oriel.hypervisor.schedule.CpuScheduler;

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
    private final BootCache boots = new BootCache();
    private final SharedCode sharedCode = new SharedCode(SharedCode.DEFAULT_MIB);
    private final Templates templates;
    private final Map<String, TemplatePreparation> preparations = new ConcurrentHashMap<>();
    private final Map<String, MachineSlot> slots = new ConcurrentHashMap<>();
    private final MachineNetworks networks = new MachineNetworks();
    private final CpuScheduler processors =
            new CpuScheduler(Runtime.getRuntime().availableProcessors(), System::nanoTime);
    private final MachineMaking making;
    private final MachinePower power;
    private final MachineSnapshots snapshots;

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
        this(name, folder, accelerator, HostCapacity.ofMemory(memoryLimitMib));
    }

    InProcessHost(String name, Path folder, Accelerator accelerator, HostCapacity capacity) throws IOException {
        this.name = name;
        this.folder = Files.createDirectories(folder);
        this.accelerator = accelerator;
        this.templates = new Templates(folder.resolve(TEMPLATES));
        this.making = new MachineMaking(templates);
        this.power = new MachinePower(
                name,
                accelerator,
                capacity,
                boots,
                sharedCode,
                templates,
                networks,
                processors,
                slots::values,
                this::preparingMib);
        this.snapshots = new MachineSnapshots(power);
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

    private long preparingMib() {
        return preparations.values().stream()
                .mapToLong(TemplatePreparation::memoryMib)
                .sum();
    }

    @Override
    public String name() {
        return name;
    }

    private MachineSlot slot(String machine) {
        return slots.computeIfAbsent(machine, named -> new MachineSlot(new MachineFolder(folder.resolve(named))));
    }

    @Override
    public void create(MachineSpec spec) throws HostException {
        making.create(slot(spec.name()), spec);
    }

    @Override
    public void start(MachineSpec spec) throws HostException {
        power.start(slot(spec.name()), spec);
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
        MachineSlot slot = slot(machine);
        synchronized (slot) {
            MachinePower.halt(slot);
        }
    }

    @Override
    public void destroy(String machine) throws HostException {
        MachineSlot slot = slot(machine);
        synchronized (slot) {
            MachinePower.abandon(slot);
            HostWork.doing("the files of machine " + machine + " could not be deleted", () -> {
                slot.files.delete();
            });
            slot.power = PowerState.OFF;
            slot.failure = Optional.empty();
        }
    }

    @Override
    public List<MachineStatus> list() throws HostException {
        return HostWork.reporting("the machines in " + folder + " can't be listed", () -> {
            List<MachineStatus> all = new ArrayList<>();
            for (MachineFolder files : folders()) {
                power.status(slot(files.name())).ifPresent(all::add);
            }
            return all;
        });
    }

    @Override
    public Optional<MachineStatus> find(String machine) {
        return MachineSpec.isName(machine) ? power.status(slot(machine)) : Optional.empty();
    }

    @Override
    public SnapshotInfo snapshot(String machine, String snapshot, boolean withMemory) throws HostException {
        requireMachine(machine);
        return snapshots.snapshot(slot(machine), snapshot, withMemory);
    }

    @Override
    public List<SnapshotInfo> snapshots(String machine) throws HostException {
        return MachineSpec.isName(machine) ? snapshots.snapshots(slot(machine)) : List.of();
    }

    @Override
    public void restore(String machine, String snapshot) throws HostException {
        requireMachine(machine);
        snapshots.restore(slot(machine), snapshot);
    }

    @Override
    public void deleteSnapshot(String machine, String snapshot) throws HostException {
        if (MachineSpec.isName(machine)) {
            snapshots.delete(slot(machine), snapshot);
        }
    }

    /** Waits for what the host does by itself for machines. */
    void awaitUpkeep() throws InterruptedException {
        power.awaitUpkeep();
    }

    @Override
    public void exportDisk(String machine, Path target) throws HostException {
        if (!MachineSpec.isName(machine)) {
            throw new HostException(Reason.NOT_FOUND, "there is no machine " + machine);
        }
        making.export(slot(machine), target);
    }

    @Override
    public void prepareTemplate(TemplateSpec spec, Duration patience) throws HostException {
        TemplatePreparation preparation = preparations.computeIfAbsent(
                spec.name(), _ -> new TemplatePreparation(templates, accelerator, boots, sharedCode, networks));
        synchronized (preparation) {
            HostWork.doing("template " + spec.name() + " could not be prepared", () -> {
                Optional<Templates.Entry> present = templates.find(spec.name());
                if (present.isPresent()) {
                    requireSame(spec, present.get());
                    return;
                }
                power.admit(spec.name(), MachineRun.promise(RunSpec.of(spec), false, 0));
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
        return HostWork.reporting("the templates in " + folder + " can't be listed", () -> {
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
                template, _ -> new TemplatePreparation(templates, accelerator, boots, sharedCode, networks));
        synchronized (preparation) {
            HostWork.doing("template " + template + " could not be deleted", () -> {
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
        MachineSlot slot = slots.get(machine);
        MachineRun run = slot == null ? null : slot.run;
        return run == null ? Optional.empty() : Optional.of(run.machine.display());
    }

    @Override
    public Optional<GuestAgent> guestAgent(String machine) {
        MachineSlot slot = slots.get(machine);
        MachineRun run = slot == null ? null : slot.run;
        return run == null ? Optional.empty() : Optional.of(run.machine.guestAgent());
    }

    @Override
    public Optional<MachineUsage> usage(String machine) {
        MachineSlot slot = slots.get(machine);
        MachineRun run = slot == null ? null : slot.run;
        if (run == null) {
            return Optional.empty();
        }
        return Optional.of(MachineMeter.measure(run));
    }

    @Override
    public void addListener(HostListener listener) {
        power.addListener(listener);
    }

    @Override
    public void removeListener(HostListener listener) {
        power.removeListener(listener);
    }

    @Override
    public void close() {
        preparations.values().forEach(TemplatePreparation::cancel);
        power.close();
        networks.close();
    }
}
