package oriel.hypervisor.host;

import java.util.List;
import java.util.Optional;
import oriel.hypervisor.display.Display;

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
     * Makes the machine's files: a directory labelled with owner and generation, and a thin qcow2 overlay on the golden
     * disk. Done already (same name, owner and generation): nothing happens, and the machine may be running. Of an
     * older generation: the machine is stopped, its overlay deleted and a new one made: a refresh. The new overlay is
     * in place atomically: after a crash there is the old disk under the old generation, or the new under the new.
     *
     * @throws HostException {@code CONFLICT} if the name belongs to another owner, or is there in a later generation;
     *     {@code IMAGE}, {@code CAPACITY} (disk full), {@code FAILED}
     */
    void create(MachineSpec spec) throws HostException;

    /**
     * Powers the machine on; nothing happens if it runs. The machine must have been created with the same name, owner
     * and generation; RAM, CPUs, boot and display are taken from this specification.
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

    /** The screen of a running machine; empty if it does not run. It closes when the machine stops. */
    Optional<Display> display(String name);

    /** Adds a listener for all machines. */
    void addListener(HostListener listener);

    /** Removes it. */
    void removeListener(HostListener listener);

    /** Stops every machine that runs in this process; files stay. */
    @Override
    void close();
}
