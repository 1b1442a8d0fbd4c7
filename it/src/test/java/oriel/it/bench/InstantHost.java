package oriel.it.bench;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import oriel.hypervisor.display.Display;
import oriel.hypervisor.host.HostListener;
import oriel.hypervisor.host.HypervisorHost;
import oriel.hypervisor.host.MachineSpec;
import oriel.hypervisor.host.MachineStatus;
import oriel.hypervisor.host.PowerState;

/** A host whose machines take no time and no space, to measure what drives it, or to try what is behind a screen. */
public final class InstantHost implements HypervisorHost {
    private final Function<String, Optional<Display>> displays;
    private final Map<String, MachineStatus> machines = new ConcurrentHashMap<>();
    private final List<HostListener> listeners = new CopyOnWriteArrayList<>();

    /** Its machines have no screens. */
    InstantHost() {
        this(machine -> Optional.empty());
    }

    /**
     * With screens.
     *
     * @param displays the screen of a machine, always the same one
     */
    public InstantHost(Function<String, Optional<Display>> displays) {
        this.displays = displays;
    }

    @Override
    public String name() {
        return "instant";
    }

    private void become(String name, String owner, long generation, PowerState power) {
        MachineStatus status =
                new MachineStatus(name, owner, generation, power, power == PowerState.ON, Optional.empty());
        machines.put(name, status);
        listeners.forEach(listener -> listener.powerChanged(status));
    }

    @Override
    public void create(MachineSpec spec) {
        MachineStatus known = machines.get(spec.name());
        if (known == null || known.generation() < spec.generation()) {
            become(spec.name(), spec.owner(), spec.generation(), PowerState.OFF);
        }
    }

    @Override
    public void start(MachineSpec spec) {
        become(spec.name(), spec.owner(), spec.generation(), PowerState.ON);
    }

    @Override
    public void powerButton(String name) {
        stop(name);
    }

    @Override
    public void reset(String name) {}

    @Override
    public void stop(String name) {
        MachineStatus known = machines.get(name);
        if (known != null) {
            become(name, known.owner(), known.generation(), PowerState.OFF);
        }
    }

    @Override
    public void destroy(String name) {
        machines.remove(name);
    }

    @Override
    public List<MachineStatus> list() {
        return List.copyOf(machines.values());
    }

    @Override
    public Optional<MachineStatus> find(String name) {
        return Optional.ofNullable(machines.get(name));
    }

    @Override
    public Optional<Display> display(String name) {
        return machines.containsKey(name) ? displays.apply(name) : Optional.empty();
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
        machines.clear();
    }
}
