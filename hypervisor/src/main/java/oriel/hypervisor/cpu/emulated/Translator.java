package oriel.hypervisor.cpu.emulated;

import java.lang.classfile.ClassFile;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.invoke.MethodHandles;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes JVM classes of regions, in a thread of its own, and remembers them by their contents: processors that run the
 * same code share a translation. Thread-safe.
 */
public final class Translator implements AutoCloseable {
    /** Far enough from the 8000 bytecodes that HotSpot compiles: what C2 inlines counts as well. */
    static final int MAX_BYTECODES = 5000;

    private static final Logger LOG = LoggerFactory.getLogger(Translator.class);
    private static final int QUEUE = 64, REMEMBERED = 8192;

    private final ThreadPoolExecutor worker;
    private final Map<RegionCode, Optional<Translation>> known = new LinkedHashMap<>(256, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<RegionCode, Optional<Translation>> eldest) {
            return size() > REMEMBERED;
        }
    };

    private final AtomicLong made = new AtomicLong();
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicLong nanos = new AtomicLong();

    /**
     * What a translator has done.
     *
     * @param regions translations made
     * @param bytes of class files
     * @param nanos spent on making them, without what the JVM's compilers spend later
     */
    public record Statistics(long regions, long bytes, long nanos) {}

    /** A translator whose thread exists only while there is something to translate. */
    public Translator() {
        worker = new ThreadPoolExecutor(
                1,
                1,
                10,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(QUEUE),
                Thread.ofPlatform().daemon().name("translator").factory());
        worker.allowCoreThreadTimeOut(true);
    }

    /** What it has done so far. */
    public Statistics statistics() {
        return new Statistics(made.get(), bytes.get(), nanos.get());
    }

    /**
     * Translates some time later, unless too much is waiting already.
     *
     * @param done gets the translation, or null if the region is too big; called in any thread
     * @return whether {@code done} will be called
     */
    boolean request(RegionCode code, Consumer<@Nullable Translation> done) {
        Optional<Translation> already = remembered(code);
        if (already != null) {
            done.accept(already.orElse(null));
            return true;
        }
        try {
            worker.execute(() -> done.accept(translate(code)));
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    // Absent: not seen yet. Empty: can't be translated.
    @SuppressWarnings({"OptionalAssignedToNull", "NullableOptional"})
    private @Nullable Optional<Translation> remembered(RegionCode code) {
        synchronized (known) {
            return known.get(code);
        }
    }

    /** Translates now; null if the region is too big. */
    @Nullable
    Translation translate(RegionCode code) {
        Optional<Translation> already = remembered(code);
        if (already != null) {
            return already.orElse(null);
        }
        long start = System.nanoTime();
        Translation translation = null;
        try {
            translation = define(RegionEmitter.emit(code));
        } catch (IllegalArgumentException | IllegalStateException | LinkageError e) {
            // The class-file library's words for a method beyond 64 KiB; anything else is a defect, but not the
            // guest's.
            LOG.warn("a region of {} instructions stays interpreted", code.instructions(), e);
        }
        nanos.addAndGet(System.nanoTime() - start);
        synchronized (known) {
            known.put(code, Optional.ofNullable(translation));
        }
        return translation;
    }

    private @Nullable Translation define(RegionEmitter.Result result) {
        int size = 0;
        for (MethodModel method : ClassFile.of().parse(result.classFile()).methods()) {
            size = Math.max(
                    size,
                    method.code()
                            .map(code -> ((CodeAttribute) code).codeLength())
                            .orElse(0));
        }
        if (size > MAX_BYTECODES) {
            return null;
        }
        try {
            TranslatedCode code = (TranslatedCode) MethodHandles.lookup()
                    .defineHiddenClass(result.classFile(), true)
                    .lookupClass()
                    .getDeclaredConstructor()
                    .newInstance();
            made.incrementAndGet();
            bytes.addAndGet(result.classFile().length);
            return new Translation(code, result.exits(), size, result.usesSse());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a class of ours can't be made", e);
        }
    }

    /** Ends the thread; regions asked for later stay interpreted. */
    @Override
    public void close() {
        worker.shutdownNow();
    }
}
