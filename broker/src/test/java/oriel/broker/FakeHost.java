package oriel.broker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.display.Display;
import oriel.hypervisor.guest.GuestAgent;
import oriel.hypervisor.guest.GuestCommandResult;
import oriel.hypervisor.host.Cloning;
import oriel.hypervisor.host.HostException;
import oriel.hypervisor.host.HostException.Reason;
import oriel.hypervisor.host.HostListener;
import oriel.hypervisor.host.HypervisorHost;
import oriel.hypervisor.host.MachineSpec;
import oriel.hypervisor.host.MachineStatus;
import oriel.hypervisor.host.MachineUsage;
import oriel.hypervisor.host.PowerState;
import oriel.hypervisor.host.SnapshotInfo;
import oriel.hypervisor.host.TemplateSpec;
import oriel.hypervisor.host.TemplateStatus;

/**
 * A host in memory that keeps its promises, unless a test breaks them. Its machines outlive brokers, as files would.
 * Guests are ready at once, unless {@link #readyByHand}. What users do to a disk is its {@code traces}.
 */
final class FakeHost implements HypervisorHost {
    /** A call to the host, as scripts see it. */
    record Call(String what, String machine) {}

    /** What a script does to a call before it takes effect. */
    interface Script {
        void before(Call call) throws HostException;

        /** After it took effect, before the caller hears of it. */
        default void after(Call call) throws HostException {}
    }

    private static final class Machine {
        final String owner;
        Cloning cloning = Cloning.linked();
        Optional<MachineSpec> startedWith = Optional.empty();
        long generation;
        PowerState power = PowerState.OFF;
        boolean ready;
        boolean wasOn;
        Instant started = Instant.now();

        @Nullable
        String failure;

        final List<String> traces = new ArrayList<>();
        final Map<String, Kept> snapshots = new LinkedHashMap<>();

        @Nullable
        String current;

        Machine(String owner) {
            this.owner = owner;
        }
    }

    private record Kept(SnapshotInfo info, List<String> traces) {}

    private final Map<String, TemplateStatus> templates = new TreeMap<>();
    private final List<String> templatesWithCard = new ArrayList<>();
    private final Map<String, Machine> machines = new TreeMap<>();
    private final List<HostListener> listeners = new CopyOnWriteArrayList<>();
    final List<Call> calls = new CopyOnWriteArrayList<>();
    /** Keys that were pressed on displays, as machine and scan code. */
    final List<String> keys = new CopyOnWriteArrayList<>();

    volatile boolean readyByHand;
    volatile boolean silent;
    /** Guests have no program that answers the host. */
    volatile boolean withoutAgent;
    /** How commands in guests end. */
    volatile int guestStatus;
    /** Guests don't shut down. */
    volatile boolean stubborn;

    /** What a running guest writes on its disk, and loses when its identity is removed. */
    static final String IDENTITY = "identity";

    volatile Script script = call -> {};

    @Override
    public String name() {
        return "fake";
    }

    private Call begin(String what, String machine) throws HostException {
        Call call = new Call(what, machine);
        calls.add(call);
        script.before(call);
        return call;
    }

    @Override
    public void create(MachineSpec spec) throws HostException {
        Call call = begin("create", spec.name());
        doCreate(spec);
        script.after(call);
    }

    private void doCreate(MachineSpec spec) throws HostException {
        boolean stopped;
        synchronized (machines) {
            Machine machine = machines.get(spec.name());
            if (machine != null && !machine.owner.equals(spec.owner())) {
                throw new HostException(Reason.CONFLICT, spec.name() + " belongs to " + machine.owner);
            }
            if (machine != null && machine.generation == spec.generation()) {
                return;
            }
            if (machine != null && machine.generation > spec.generation()) {
                throw new HostException(Reason.CONFLICT, spec.name() + " has a later disk");
            }
            stopped = machine != null && machine.power == PowerState.ON;
            if (spec.cloning() instanceof Cloning.Instant instant && !templates.containsKey(instant.template())) {
                throw new HostException(Reason.NOT_FOUND, "no template " + instant.template());
            }
            Machine fresh = new Machine(spec.owner());
            fresh.cloning = spec.cloning();
            fresh.generation = spec.generation();
            machines.put(spec.name(), fresh);
        }
        if (stopped) {
            tell(spec.name());
        }
    }

    @Override
    public void start(MachineSpec spec) throws HostException {
        Call call = begin("start", spec.name());
        doStart(spec);
        script.after(call);
    }

    private void doStart(MachineSpec spec) throws HostException {
        synchronized (machines) {
            Machine machine = machines.get(spec.name());
            if (machine == null) {
                throw new HostException(Reason.NOT_FOUND, "no " + spec.name());
            }
            if (machine.generation != spec.generation() || !machine.owner.equals(spec.owner())) {
                throw new HostException(Reason.CONFLICT, spec.name() + " is another machine");
            }
            if (machine.power == PowerState.ON) {
                return;
            }
            machine.startedWith = Optional.of(spec);
            machine.power = PowerState.ON;
            machine.wasOn = true;
            if (spec.name().startsWith("edit-") && !machine.traces.contains(IDENTITY)) {
                machine.traces.add(IDENTITY);
            }
            machine.started = Instant.now();
            machine.failure = null;
            machine.ready = !readyByHand;
        }
        tell(spec.name());
    }

    @Override
    public void powerButton(String name) throws HostException {
        Call call = begin("powerButton", name);
        doStop(name);
        script.after(call);
    }

    @Override
    public void reset(String name) throws HostException {
        Call call = begin("reset", name);
        doReset(name);
        script.after(call);
    }

    private void doReset(String name) throws HostException {
        synchronized (machines) {
            Machine machine = machine(name);
            if (!machine.wasOn) {
                throw new HostException(Reason.CONFLICT, name + " is off");
            }
            machine.power = PowerState.ON;
            machine.ready = !readyByHand;
            machine.failure = null;
        }
        tell(name);
    }

    @Override
    public void stop(String name) throws HostException {
        Call call = begin("stop", name);
        doStop(name);
        script.after(call);
    }

    private void doStop(String name) {
        synchronized (machines) {
            Machine machine = machines.get(name);
            if (machine == null) {
                return;
            }
            machine.power = PowerState.OFF;
            machine.ready = false;
        }
        tell(name);
    }

    @Override
    public void destroy(String name) throws HostException {
        Call call = begin("destroy", name);
        doDestroy(name);
        script.after(call);
    }

    private void doDestroy(String name) {
        synchronized (machines) {
            machines.remove(name);
        }
    }

    @Override
    public SnapshotInfo snapshot(String name, String snapshot, boolean withMemory) throws HostException {
        Call call = begin("snapshot", name);
        SnapshotInfo info;
        synchronized (machines) {
            Machine machine = machine(name);
            Kept known = machine.snapshots.get(snapshot);
            if (known != null) {
                return known.info();
            }
            info = new SnapshotInfo(
                    snapshot, Optional.ofNullable(machine.current), Instant.now(), 4096, withMemory, true);
            machine.snapshots.put(snapshot, new Kept(info, List.copyOf(machine.traces)));
            machine.current = snapshot;
        }
        script.after(call);
        return info;
    }

    @Override
    public List<SnapshotInfo> snapshots(String name) {
        synchronized (machines) {
            Machine machine = machines.get(name);
            return machine == null
                    ? List.of()
                    : machine.snapshots.values().stream()
                            .map(Kept::info)
                            .map(info -> new SnapshotInfo(
                                    info.name(),
                                    info.parent(),
                                    info.taken(),
                                    info.bytes(),
                                    info.hasMemory(),
                                    info.name().equals(machine.current)))
                            .toList();
        }
    }

    @Override
    public void restore(String name, String snapshot) throws HostException {
        Call call = begin("restore", name);
        synchronized (machines) {
            Machine machine = machine(name);
            Kept kept = machine.snapshots.get(snapshot);
            if (kept == null) {
                throw new HostException(Reason.NOT_FOUND, "no snapshot " + snapshot);
            }
            machine.traces.clear();
            machine.traces.addAll(kept.traces());
            machine.current = snapshot;
            machine.power = kept.info().hasMemory() ? PowerState.ON : PowerState.OFF;
            machine.ready = kept.info().hasMemory();
        }
        tell(name);
        script.after(call);
    }

    @Override
    public void deleteSnapshot(String name, String snapshot) throws HostException {
        Call call = begin("deleteSnapshot", name);
        synchronized (machines) {
            machine(name).snapshots.remove(snapshot);
        }
        script.after(call);
    }

    /** What users did to the disk, a line each. */
    @Override
    public void exportDisk(String name, Path target) throws HostException {
        Call call = begin("exportDisk", name);
        synchronized (machines) {
            if (machine(name).power == PowerState.ON) {
                throw new HostException(Reason.CONFLICT, name + " runs");
            }
            try {
                Files.write(target, machine(name).traces);
            } catch (IOException e) {
                throw new HostException(Reason.FAILED, "no file", e);
            }
        }
        script.after(call);
    }

    @Override
    public Optional<GuestAgent> guestAgent(String name) {
        synchronized (machines) {
            Machine machine = machines.get(name);
            return machine != null && machine.power == PowerState.ON
                    ? Optional.of(new FakeGuestAgent(
                            machine.ready && !withoutAgent,
                            command -> {
                                begin("execute", name);
                                synchronized (machines) {
                                    machine.traces.remove(IDENTITY);
                                }
                                return new GuestCommandResult(
                                        guestStatus, "", guestStatus == 0 ? "" : "no space", false);
                            },
                            () -> {
                                begin("guestShutdown", name);
                                if (!stubborn) {
                                    doStop(name);
                                }
                            }))
                    : Optional.empty();
        }
    }

    @Override
    public void prepareTemplate(TemplateSpec spec, Duration patience) throws HostException {
        Call call = begin("prepareTemplate", spec.name());
        synchronized (machines) {
            if (spec.networkCard()) {
                templatesWithCard.add(spec.name());
            }
            templates.put(
                    spec.name(),
                    new TemplateStatus(
                            spec.name(), spec.owner(), spec.memoryMib(), spec.vcpus(), Optional.of(Instant.now()), 1));
        }
        script.after(call);
    }

    @Override
    public List<TemplateStatus> templates() {
        synchronized (machines) {
            return List.copyOf(templates.values());
        }
    }

    @Override
    public void deleteTemplate(String template) throws HostException {
        begin("deleteTemplate", template);
        synchronized (machines) {
            templates.remove(template);
        }
    }

    @Override
    public List<MachineStatus> list() {
        synchronized (machines) {
            return machines.entrySet().stream()
                    .map(entry -> status(entry.getKey(), entry.getValue()))
                    .toList();
        }
    }

    @Override
    public Optional<Display> display(String name) {
        synchronized (machines) {
            Machine machine = machines.get(name);
            return machine != null && machine.power == PowerState.ON
                    ? Optional.of(new FakeDisplay(name, keys))
                    : Optional.empty();
        }
    }

    @Override
    public Optional<MachineUsage> usage(String name) {
        synchronized (machines) {
            Machine machine = machines.get(name);
            if (machine == null || machine.power != PowerState.ON) {
                return Optional.empty();
            }
            // A quarter of a core, since it is the fake's own clock that tells how long it has run.
            Duration up = Duration.between(machine.started, Instant.now());
            return Optional.of(new MachineUsage(
                    up,
                    up.dividedBy(4),
                    new MachineUsage.Waiting(up.dividedBy(10), up.dividedBy(20)),
                    128 << 20,
                    64 << 20,
                    16 << 20,
                    8 << 20,
                    java.util.OptionalLong.of(92 << 20),
                    new MachineUsage.Traffic(up.toMillis() * 4, up.toMillis() * 2),
                    new MachineUsage.Traffic(up.toMillis(), up.toMillis() * 3)));
        }
    }

    private Machine machine(String name) throws HostException {
        Machine machine = machines.get(name);
        if (machine == null) {
            throw new HostException(Reason.NOT_FOUND, "no " + name);
        }
        return machine;
    }

    private static MachineStatus status(String name, Machine machine) {
        return new MachineStatus(
                name,
                machine.owner,
                machine.generation,
                machine.power,
                machine.ready,
                Optional.ofNullable(machine.failure));
    }

    private void tell(String name) {
        if (silent) {
            return;
        }
        MachineStatus status;
        synchronized (machines) {
            Machine machine = machines.get(name);
            if (machine == null) {
                return;
            }
            status = status(name, machine);
        }
        for (HostListener listener : listeners) {
            listener.powerChanged(status);
            if (status.guestReady()) {
                listener.guestReady(status);
            }
        }
    }

    /** A guest says that its desktop is drawn. */
    void guestReady(String name) {
        synchronized (machines) {
            machines.get(name).ready = true;
        }
        tell(name);
    }

    /** Every guest that runs says that its desktop is drawn. */
    void allReady() {
        running(status -> !status.guestReady()).forEach(this::guestReady);
    }

    List<String> running(Predicate<MachineStatus> which) {
        return list().stream()
                .filter(status -> status.power() == PowerState.ON)
                .filter(which)
                .map(MachineStatus::name)
                .toList();
    }

    /** A machine stops: by itself, or with a failure. */
    void goOff(String name, @Nullable String failure) {
        synchronized (machines) {
            Machine machine = machines.get(name);
            machine.power = PowerState.OFF;
            machine.ready = false;
            machine.failure = failure;
        }
        tell(name);
    }

    /** The host dies with its process, and comes back: files stay, nothing runs. */
    void crash() {
        synchronized (machines) {
            machines.values().forEach(machine -> {
                machine.power = PowerState.OFF;
                machine.ready = false;
                machine.wasOn = false;
            });
        }
        listeners.clear();
        script = call -> {};
    }

    /** Somebody leaves something on a disk. */
    void leaveTrace(String name, String trace) {
        synchronized (machines) {
            machines.get(name).traces.add(trace);
        }
    }

    /** What it was last started with. */
    MachineSpec startedWith(String name) {
        synchronized (machines) {
            return machines.get(name).startedWith.orElseThrow();
        }
    }

    /** Which of the templates have a network card. */
    List<String> templatesWithCard() {
        synchronized (machines) {
            return List.copyOf(templatesWithCard);
        }
    }

    /** How a machine came by its disk. */
    Cloning cloning(String name) {
        synchronized (machines) {
            return machines.get(name).cloning;
        }
    }

    List<String> traces(String name) {
        synchronized (machines) {
            return List.copyOf(machines.get(name).traces);
        }
    }

    /** A machine that is there without the broker's doing. */
    void plant(String name, String owner) {
        synchronized (machines) {
            Machine machine = new Machine(owner);
            machine.generation = 1;
            machines.put(name, machine);
        }
    }

    /** The files of a machine are lost. */
    void lose(String name) {
        synchronized (machines) {
            machines.remove(name);
        }
    }

    boolean has(String name) {
        synchronized (machines) {
            return machines.containsKey(name);
        }
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
        crash();
    }
}
