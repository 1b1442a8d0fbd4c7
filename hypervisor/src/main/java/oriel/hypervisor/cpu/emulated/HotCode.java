package oriel.hypervisor.cpu.emulated;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Finds out which blocks are worth a translation, asks for it, and takes it into use.
 *
 * <p>It samples: where the interpreter stands when a slice of instructions is used up. That measures what matters, time
 * spent interpreting, and costs nothing per block. Samples fade, so that only what is hot now counts.
 */
final class HotCode {
    private static final int BITS = 14;
    private static final int FADE = 1 << 15;

    /** Instructions of a region at most. */
    private static final int MAX_INSTRUCTIONS = 160, MIN_INSTRUCTIONS = 4;

    /** Requests that wait at most. */
    private static final int WAITING = 32;

    private record Answer(
            RegionSelection selection, @Nullable Translation translation, int instructions) {}

    private final CodeCache cache;
    private final @Nullable Translator translator;
    private final int threshold;
    private final byte[] heat = new byte[1 << BITS];
    private final Queue<Answer> answers = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private int samples;

    /** Translates at once whatever is looked up, for tests. */
    final boolean eager;

    /** Nothing is translated without a translator. */
    HotCode(CodeCache cache, @Nullable Translator translator, TranslationPolicy policy) {
        this.cache = cache;
        this.translator = translator;
        this.threshold = policy.samples();
        this.eager = policy.eager() && translator != null;
    }

    /** The interpreter stood at this place when its budget ended. */
    void sample(int pc) {
        if (translator == null) {
            return;
        }
        if (++samples == FADE) {
            samples = 0;
            for (int i = 0; i < heat.length; i++) {
                heat[i] >>= 1;
            }
        }
        int i = pc * 0x9E37_79B1 >>> 32 - BITS;
        if (++heat[i] < threshold || Op.op(cache.arena[pc]) == Op.REGION) {
            return;
        }
        heat[i] = 0;
        CodeCache.Block block = cache.blockAt(pc);
        if (block != null && translatable(block) && waiting.get() < WAITING) {
            request(block, MAX_INSTRUCTIONS);
        }
    }

    private static boolean translatable(CodeCache.Block block) {
        return !block.stale
                && !block.crossesPage()
                && CpuMode.codeSize(block.mode()) == 3
                && (block.mode() & CpuMode.SINGLE) == 0;
    }

    private void request(CodeCache.Block block, int instructions) {
        RegionSelection selection = RegionSelection.around(cache, block, instructions);
        waiting.incrementAndGet();
        boolean taken = translator != null
                && translator.request(
                        selection.code(), translation -> answers.add(new Answer(selection, translation, instructions)));
        if (!taken) {
            waiting.decrementAndGet();
        }
    }

    /** Takes what has been translated into use. Called between slices. */
    void install() {
        for (Answer answer = answers.poll(); answer != null; answer = answers.poll()) {
            waiting.decrementAndGet();
            RegionSelection selection = answer.selection;
            if (selection.epoch() != cache.epoch) {
                continue;
            }
            if (answer.translation != null) {
                cache.install(selection, answer.translation);
            } else if (answer.instructions / 2 >= MIN_INSTRUCTIONS && !selection.blocks()[0].stale) {
                request(selection.blocks()[0], answer.instructions / 2);
            }
        }
    }

    /** A block has been looked up: with a test's policy it is translated now. */
    void lookedUp(CodeCache.Block block) {
        if (eager && translator != null && translatable(block) && Op.op(cache.arena[block.start]) != Op.REGION) {
            for (int n = MAX_INSTRUCTIONS; n >= MIN_INSTRUCTIONS; n /= 2) {
                RegionSelection selection = RegionSelection.around(cache, block, n);
                Translation translation = translator.translate(selection.code());
                if (translation != null) {
                    cache.install(selection, translation);
                    return;
                }
            }
        }
    }
}
