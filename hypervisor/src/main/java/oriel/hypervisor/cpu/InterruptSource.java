package oriel.hypervisor.cpu;

/**
 * Where a processor gets its maskable interrupts: its local APIC, with the 8259 pair behind it. Called on the machine's
 * thread.
 */
public interface InterruptSource {
    /** Whether an interrupt above the current task priority waits. Cheap: asked between blocks of instructions. */
    boolean interruptPending();

    /**
     * Acknowledges the highest pending interrupt.
     *
     * @return its vector, 0–255
     */
    int acknowledge();

    /** CR8: task priority class, 0–15. */
    int taskPriority();

    /** CR8 write. */
    void setTaskPriority(int priorityClass);

    /** IA32_APIC_BASE (MSR 1BH). */
    long apicBase();

    /** Writes IA32_APIC_BASE. */
    void setApicBase(long value);

    /** IA32_TSC_DEADLINE (MSR 6E0H), in TSC ticks. */
    long tscDeadline();

    /** Writes IA32_TSC_DEADLINE; 0 disarms. */
    void setTscDeadline(long tsc);
}
