package oriel.hypervisor.device.chipset;

/**
 * The wires from a local APIC to its processor other than the maskable interrupt, which the processor asks for by itself
 * ({@link oriel.hypervisor.cpu.InterruptSource}). Called on the machine's thread, possibly from within an access by
 * another processor.
 */
public interface ProcessorSignals {
    /** A non-maskable interrupt. */
    void nmi();

    /** INIT: reset to the wait-for-SIPI state (the boot processor: to the reset vector). Intel SDM 3A §9.4. */
    void init();

    /** Start-up IPI: a processor waiting for it starts in real mode at {@code page << 12}; others ignore it. */
    void startUp(int page);

    /** What the processor adds to {@link oriel.hypervisor.bus.MachineClock#nanos} to make its TSC. */
    long tscOffset();
}
