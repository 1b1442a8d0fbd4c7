package oriel.hypervisor.cpu;

/** Why {@link Vcpu#run} returned. */
public enum CpuExit {
    /** The instruction budget is used up, or {@link Vcpu#kick} was called. */
    BUDGET,
    /** {@code HLT} with nothing pending: nothing happens until an interrupt, NMI, INIT or SMI arrives. */
    HALTED,
    /** Triple fault (Intel SDM 3A §6.15 "Interrupt 8"): the machine must be reset. */
    SHUTDOWN
}
