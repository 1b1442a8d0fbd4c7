package oriel.hypervisor.cpu.emulated;

/**
 * Translated guest code. Implementations are made at run time by {@link RegionEmitter}; they know no machine, no host
 * address and no arena index, so that any processor that runs the same bytes may use them.
 */
abstract class TranslatedCode {
    /** For the classes made at run time. */
    TranslatedCode() {}

    /**
     * Runs from an entry until control leaves the region.
     *
     * @param cpu lazy flags and budget
     * @param registers general registers and what is behind them ({@link Op})
     * @param tlb the current bank of the TLB
     * @param xmm SSE registers
     * @param entry number of the block to start with
     * @return number of the {@linkplain Translation#exits() exit} taken; negative if {@link Interpreter#callOut} left
     */
    abstract int run(Interpreter cpu, long[] registers, long[] tlb, long[] xmm, int entry);
}
