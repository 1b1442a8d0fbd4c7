package oriel.hypervisor.cpu.emulated;

/**
 * When code is translated.
 *
 * @param samples how often the end of a slice of instructions must find the interpreter in a block, 1–127
 * @param eager every block as soon as it is looked up, and at once; for tests
 */
public record TranslationPolicy(int samples, boolean eager) {
    /** What pays for an operating system. */
    public static final TranslationPolicy HOT = new TranslationPolicy(16, false);

    /** Everything, in the processor's own thread. */
    public static final TranslationPolicy EVERYTHING = new TranslationPolicy(1, true);
}
