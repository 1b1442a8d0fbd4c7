package oriel.hypervisor.host;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import oriel.hypervisor.display.Display;
import oriel.hypervisor.guest.GuestAgent;

/**
 * A place machines run. The broker drives every kind of host (in this process, remote, libvirt) through this interface
 * only. Thread-safe.
 *
 * <p>Every call is idempotent: its caller may have died after an earlier one took effect, and repeats it. Calls on
 * different machines run in parallel; calls on one machine are serialised by the host. A call returns when its effect
 * has taken place (an {@code start} when the machine runs, not when its guest is up).
 *
 * <p>What a host knows must survive the process: {@link #list()} after a crash reports every machine whose files exist
 * (those of a host in this process are {@link PowerState#OFF} then, as they died with it).
 */
public interface HypervisorHost extends AutoCloseable {
    /** The host's name, for people and records. */
    String name();

    /**
     * Makes the machine's files: a directory labelled with owner and generation, and a disk made as {@link
     * MachineSpec#cloning} says: a thin qcow2 overlay on the golden disk or on a template's, or a copy. Done already (same name, owner and generation): nothing happens, and the machine may be running. Of an
     * older generation: the machine is stopped, its disk and snapshots deleted and a new disk made: a refresh. The new overlay is
     * in place atomically: after a crash there is the old disk under the old generation, or the new under the new.
     *
     * @throws HostException {@code CONFLICT} if the name belongs to another owner, or is there in a later generation;
     *     {@code NOT_FOUND} if the template isn't there or isn't sealed; {@code IMAGE}, {@code CAPACITY} (disk full),
     *     {@code FAILED}
     */
    void create(MachineSpec spec) throws HostException;

    /**
     * Powers the machine on; nothing happens if it runs. The machine must have been created with the same name, owner
     * and generation; RAM, CPUs, boot and display are taken from this specification. A machine boots, unless it is an
     * instant clone that never ran: that is forked from its template, and {@link MachineStatus#guestReady} at once.
     *
     * @throws HostException {@code NOT_FOUND}, {@code CONFLICT}, {@code IMAGE}, {@code CAPACITY}, {@code FAILED}
     */
    void start(MachineSpec spec) throws HostException;

    /**
     * Presses the power button: the guest shuts down in an orderly way, if it wants to.
     *
     * @throws HostException {@code NOT_FOUND}
     */
    void powerButton(String name) throws HostException;

    /**
     * Pulls the reset line: the guest boots again from the disk as it is. Powers on a machine that is off only if it
     * was on before in this process; else {@code CONFLICT}, and the caller starts it.
     *
     * @throws HostException {@code NOT_FOUND}, {@code CONFLICT}, {@code FAILED}
     */
    void reset(String name) throws HostException;

    /**
     * Takes the power away; the disk is consistent as after a power failure. Off or unknown machine: nothing happens.
     *
     * @throws HostException {@code FAILED}
     */
    void stop(String name) throws HostException;

    /**
     * Stops the machine and deletes its files. Unknown machine: nothing happens.
     *
     * @throws HostException {@code FAILED}, for instance if a file cannot be deleted; call again
     */
    void destroy(String name) throws HostException;

    /**
     * Every machine of the host, of every owner.
     *
     * @throws HostException {@code FAILED} if the host cannot be asked
     */
    List<MachineStatus> list() throws HostException;

    /** One machine, empty if there is none of that name. */
    default Optional<MachineStatus> find(String name) throws HostException {
        return list().stream().filter(status -> status.name().equals(name)).findFirst();
    }

    /**
     * Takes a snapshot of the machine as it is, running or not. A running machine stands still for a moment, and runs
     * on whether the snapshot succeeds or not. There already, with the same kind: nothing happens.
     *
     * @param machine the machine's name
     * @param snapshot a name of the same form
     * @param withMemory keep memory and processors too, so that a restore goes on from here; without, and for a machine
     *     that is off, only the disk is kept, as it is after a power failure
     * @throws HostException {@code NOT_FOUND}; {@code CONFLICT} if {@code snapshot} names another kind of snapshot, or
     *     the machine is off and memory is asked for; {@code CAPACITY}, {@code FAILED}, {@code UNSUPPORTED}
     */
    default SnapshotInfo snapshot(String machine, String snapshot, boolean withMemory) throws HostException {
        throw unsupported("take snapshots");
    }

    /**
     * The machine's snapshots, parents before children. Empty for an unknown machine.
     *
     * @throws HostException {@code FAILED}
     */
    default List<SnapshotInfo> snapshots(String machine) throws HostException {
        return List.of();
    }

    /**
     * Puts the machine back: what it did since is gone, unless another snapshot has it. From a snapshot with memory it
     * runs on and is on when this returns, with the clock set forward and a new VM generation id; else it is off, and
     * its next start boots from the snapshot's disk. The snapshot stays. Repeated: it is put back once more.
     *
     * @throws HostException {@code NOT_FOUND} for machine or snapshot; {@code CAPACITY}; {@code IMAGE} if the snapshot
     *     is damaged or of a version this host can't read; {@code FAILED}, {@code UNSUPPORTED}
     */
    default void restore(String machine, String snapshot) throws HostException {
        throw unsupported("restore snapshots");
    }

    /**
     * Deletes a snapshot; its children become its parent's, and the machine goes on. Unknown: nothing happens.
     *
     * @throws HostException {@code FAILED}, for instance if a file can't be deleted; call again
     */
    default void deleteSnapshot(String machine, String snapshot) throws HostException {}

    /**
     * Copies what the machine's disk shows, the golden disk below it included, into a qcow2 image of its own: what a
     * new version of a golden image is made of. A file of that name is replaced; after a failure it is to be thrown away.
     *
     * @param machine a machine that is off
     * @param target where the image goes
     * @throws HostException {@code NOT_FOUND}; {@code CONFLICT} while the machine runs; {@code CAPACITY}, {@code IMAGE},
     *     {@code FAILED}, {@code UNSUPPORTED}
     */
    default void exportDisk(String machine, Path target) throws HostException {
        throw unsupported("copy disks of machines");
    }

    /**
     * Prepares a template for instant clones: boots the image, waits until the guest has said that its desktop is drawn
     * and the screen is still, freezes memory, devices and disk, and ends. Takes as long as a boot. Sealed already:
     * returns at once. Interrupted (the process died): begins anew. Two calls at once for one template: one prepares it,
     * both return when it is sealed.
     *
     * @param patience how long the guest may take to get ready
     * @throws HostException {@code CONFLICT} if the name belongs to another owner or was sealed from something else;
     *     {@code IMAGE} if the guest doesn't get ready in time or breaks; {@code CAPACITY}, {@code FAILED}, {@code
     *     UNSUPPORTED}
     */
    default void prepareTemplate(TemplateSpec spec, Duration patience) throws HostException {
        throw unsupported("fork instant clones");
    }

    /** The screen of a template while it is prepared, to look at; empty otherwise. */
    default Optional<Display> templateDisplay(String template) {
        return Optional.empty();
    }

    /**
     * Every template of the host, of every owner, sealed or in preparation.
     *
     * @throws HostException {@code FAILED}
     */
    default List<TemplateStatus> templates() throws HostException {
        return List.of();
    }

    /**
     * Deletes a template. Unknown: nothing happens.
     *
     * @throws HostException {@code CONFLICT} while machines lie on its disk, with their names; {@code FAILED}
     */
    default void deleteTemplate(String template) throws HostException {}

    private HostException unsupported(String what) {
        return new HostException(
                HostException.Reason.UNSUPPORTED, "host %s can't %s: choose another host".formatted(name(), what));
    }

    /** The screen of a running machine; empty if it does not run. It closes when the machine stops. */
    Optional<Display> display(String name);

    /**
     * What the guest agent of a running machine does for the host; empty if the machine doesn't run. There whether the
     * guest has one or not: {@link GuestAgent#ready} tells. A machine that is started again has another.
     */
    default Optional<GuestAgent> guestAgent(String name) {
        return Optional.empty();
    }

    /**
     * What a running machine uses; empty if it doesn't run, or this host can't tell. May take as long as the machine
     * takes for one slice of guest instructions.
     */
    default Optional<MachineUsage> usage(String name) {
        return Optional.empty();
    }

    /** Adds a listener for all machines. */
    void addListener(HostListener listener);

    /** Removes it. */
    void removeListener(HostListener listener);

    /** Stops every machine that runs in this process; files stay. */
    @Override
    void close();
}
