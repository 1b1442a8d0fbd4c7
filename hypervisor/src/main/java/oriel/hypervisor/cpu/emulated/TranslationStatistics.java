package oriel.hypervisor.cpu.emulated;

/**
 * What a processor's translator has done.
 *
 * @param blocks translated
 * @param bytes of host code made
 * @param used bytes of the code memory in use now
 * @param nanos spent on translating
 * @param flushes how often all of it was dropped: the memory was full, or the machine's memory map changed
 */
public record TranslationStatistics(long blocks, long bytes, long used, long nanos, long flushes) {
    /** Of a processor that only interprets. */
    public static final TranslationStatistics NONE = new TranslationStatistics(0, 0, 0, 0, 0);

    /** This processor's and another's together. */
    public TranslationStatistics plus(TranslationStatistics other) {
        return new TranslationStatistics(
                blocks + other.blocks,
                bytes + other.bytes,
                used + other.used,
                nanos + other.nanos,
                flushes + other.flushes);
    }
}
