package oriel.hypervisor.cpu.emulated;

/**
 * Bytes of memory that a processor's decoded and translated code take, beside what machines share ({@link SharedCode}).
 * Arrays count as long as they are, filled or not.
 *
 * @param operations decoded operations and their marks
 * @param blocks what is known of blocks and of the pages they came from, and how they are found
 * @param translations memory for host code: as much of it as has ever been written, which is what the host has given
 * @param jumps the jump cache
 * @param tlb translations of addresses, of all process contexts
 */
public record TranslatorMemory(long operations, long blocks, long translations, long jumps, long tlb) {
    /** Of a processor that has none. */
    public static final TranslatorMemory NONE = new TranslatorMemory(0, 0, 0, 0, 0);

    /** All of it. */
    public long total() {
        return operations + blocks + translations + jumps + tlb;
    }

    /** This processor's and another's together. */
    public TranslatorMemory plus(TranslatorMemory other) {
        return new TranslatorMemory(
                operations + other.operations,
                blocks + other.blocks,
                translations + other.translations,
                jumps + other.jumps,
                tlb + other.tlb);
    }
}
