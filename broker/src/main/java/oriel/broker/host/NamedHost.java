package oriel.broker.host;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import oriel.hypervisor.display.Display;
import oriel.hypervisor.guest.GuestAgent;
import oriel.hypervisor.host.HostException;
import oriel.hypervisor.host.HostListener;
import oriel.hypervisor.host.HypervisorHost;
import oriel.hypervisor.host.MachineSpec;
import oriel.hypervisor.host.MachineStatus;
import oriel.hypervisor.host.MachineUsage;
import oriel.hypervisor.host.SnapshotInfo;
import oriel.hypervisor.host.TemplateSpec;
import oriel.hypervisor.host.TemplateStatus;

/** A host under another name: hosts in the processes of several brokers on one database must be told apart. */
public record NamedHost(String name, HypervisorHost host) implements HypervisorHost {
    @Override
    public void create(MachineSpec spec) throws HostException {
        host.create(spec);
    }

    @Override
    public void start(MachineSpec spec) throws HostException {
        host.start(spec);
    }

    @Override
    public void powerButton(String machine) throws HostException {
        host.powerButton(machine);
    }

    @Override
    public void reset(String machine) throws HostException {
        host.reset(machine);
    }

    @Override
    public void stop(String machine) throws HostException {
        host.stop(machine);
    }

    @Override
    public void destroy(String machine) throws HostException {
        host.destroy(machine);
    }

    @Override
    public List<MachineStatus> list() throws HostException {
        return host.list();
    }

    @Override
    public Optional<MachineStatus> find(String machine) throws HostException {
        return host.find(machine);
    }

    @Override
    public SnapshotInfo snapshot(String machine, String snapshot, boolean withMemory) throws HostException {
        return host.snapshot(machine, snapshot, withMemory);
    }

    @Override
    public List<SnapshotInfo> snapshots(String machine) throws HostException {
        return host.snapshots(machine);
    }

    @Override
    public void restore(String machine, String snapshot) throws HostException {
        host.restore(machine, snapshot);
    }

    @Override
    public void deleteSnapshot(String machine, String snapshot) throws HostException {
        host.deleteSnapshot(machine, snapshot);
    }

    @Override
    public void exportDisk(String machine, Path target) throws HostException {
        host.exportDisk(machine, target);
    }

    @Override
    public void prepareTemplate(TemplateSpec spec, Duration patience) throws HostException {
        host.prepareTemplate(spec, patience);
    }

    @Override
    public Optional<Display> templateDisplay(String template) {
        return host.templateDisplay(template);
    }

    @Override
    public List<TemplateStatus> templates() throws HostException {
        return host.templates();
    }

    @Override
    public void deleteTemplate(String template) throws HostException {
        host.deleteTemplate(template);
    }

    @Override
    public Optional<Display> display(String machine) {
        return host.display(machine);
    }

    @Override
    public Optional<GuestAgent> guestAgent(String machine) {
        return host.guestAgent(machine);
    }

    @Override
    public Optional<MachineUsage> usage(String machine) {
        return host.usage(machine);
    }

    @Override
    public void addListener(HostListener listener) {
        host.addListener(listener);
    }

    @Override
    public void removeListener(HostListener listener) {
        host.removeListener(listener);
    }

    @Override
    public void close() {
        host.close();
    }
}
