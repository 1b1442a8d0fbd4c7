package oriel.hypervisor.host;

import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.host.HostException.Reason;

/** One machine of a host: its files, its run, and (its monitor) the lock under which both change. */
final class MachineSlot {
    final MachineFolder files;
    final String machineName;

    /** Guarded by this slot's monitor for changes of power; read freely. */
    volatile @Nullable MachineRun run;

    volatile PowerState power = PowerState.OFF;
    volatile Optional<String> failure = Optional.empty();

    MachineSlot(MachineFolder files) {
        this.machineName = files.name();
        this.files = files;
    }

    /** The label of a machine that must be there. */
    MachineFolder.Label requireLabel() throws IOException, HostException {
        return files.label()
                .orElseThrow(() -> new HostException(
                        Reason.NOT_FOUND, "there is no machine " + machineName + ": create it first"));
    }

    /** Nobody touches the machine of another owner. */
    static void requireOwner(MachineSpec spec, MachineFolder.Label label) throws HostException {
        if (!label.owner().equals(spec.owner())) {
            throw new HostException(Reason.CONFLICT, "machine %s belongs to %s".formatted(spec.name(), label.owner()));
        }
    }
}
