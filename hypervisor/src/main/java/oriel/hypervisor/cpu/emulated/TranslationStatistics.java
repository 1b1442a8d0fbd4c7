package oriel.hypervisor.cpu.emulated;

/**
 * What a processor has made of its guest's code.
 *
 * @param decoded blocks decoded of their bytes
 * @param copied blocks that another machine had decoded
 * @param copiedTranslations of these, blocks that it had translated, too
 * @param blocks translated
 * @param bytes of host code made
 * @param used bytes of the code memory in use now
 * @param nanos spent on translating
 * @param flushes how often all of it was dropped: the memory was full, or the machine's memory map changed
 * @param memory what all of it takes now
 */
public record TranslationStatistics(
        long decoded,
        long copied,
        long copiedTranslations,
        long blocks,
        long bytes,
        long used,
        long nanos,
        long flushes,
        TranslatorMemory memory) {
    /** Of a processor that has done nothing. */
    public static final TranslationStatistics NONE =
            new TranslationStatistics(0, 0, 0, 0, 0, 0, 0, 0, TranslatorMemory.NONE);

    TranslationStatistics withBlocks(long newDecoded, long newCopied, long newCopiedTranslations) {
        return new TranslationStatistics(
                newDecoded, newCopied, newCopiedTranslations, blocks, bytes, used, nanos, flushes, memory);
    }

    TranslationStatistics with(TranslatorMemory newMemory) {
        return new TranslationStatistics(
                decoded, copied, copiedTranslations, blocks, bytes, used, nanos, flushes, newMemory);
    }

    /** This processor's and another's together. */
    public TranslationStatistics plus(TranslationStatistics other) {
        return new TranslationStatistics(
                decoded + other.decoded,
                copied + other.copied,
                copiedTranslations + other.copiedTranslations,
                blocks + other.blocks,
                bytes + other.bytes,
                used + other.used,
                nanos + other.nanos,
                flushes + other.flushes,
                memory.plus(other.memory));
    }
}
