package oriel.hypervisor.cpu.emulated;

/**
 * When code is translated.
 *
 * @param executions how often a block is interpreted before, at least 1; 0: nothing is ever translated
 */
public record TranslationPolicy(int executions) {
    /** Everything is interpreted. */
    public static final TranslationPolicy NEVER = new TranslationPolicy(0);

    /** What pays for an operating system, most of whose code runs a few times only. */
    public static final TranslationPolicy HOT = new TranslationPolicy(24);

    /** Everything, the first time it runs. */
    public static final TranslationPolicy EVERYTHING = new TranslationPolicy(1);
}
