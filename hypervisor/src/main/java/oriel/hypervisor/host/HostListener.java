package oriel.hypervisor.host;

/**
 * What happens to the machines of a host. Called on a thread of the host, possibly of the machine: implementations
 * return at once and never call the host back on that thread. Events may repeat and may be lost when a process dies:
 * whoever must know for sure asks {@link HypervisorHost#list()}.
 */
public interface HostListener {
    /**
     * A machine's power changed.
     *
     * @param status as it is now; {@link MachineStatus#failure()} tells why it stopped
     */
    void powerChanged(MachineStatus status);

    /** The guest has said that its desktop is drawn. At most once per power-on or reset. */
    void guestReady(MachineStatus status);
}
