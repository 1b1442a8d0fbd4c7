package oriel.it.bench;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.cpu.emulated.TranslatorMemory;

/** Follows the serial console of {@code cpu-guest.c} and reads the host's clocks where it says so. One thread writes. */
final class SectionLog {
    /**
     * What a machine has used up to some moment.
     *
     * @param process nanoseconds of CPU of the whole process
     * @param thread nanoseconds of CPU of the thread that runs the guest, or of the process where it can't be told
     * @param instructions of the guest, 0 where they can't be told
     */
    record Used(long process, long thread, long instructions) {
        Used minus(Used earlier) {
            return new Used(process - earlier.process, thread - earlier.thread, instructions - earlier.instructions);
        }
    }

    /**
     * One section's run.
     *
     * @param rounds equal pieces of work
     * @param units a round's own count of work, 0 to count instructions
     * @param sum what each round came to
     */
    record Section(long rounds, long units, String sum, Used used) {}

    private final Supplier<Used> clocks;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private final Map<String, Section> sections = new LinkedHashMap<>();
    private final List<String> failures = new ArrayList<>();
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private @Nullable Used ready;
    private @Nullable Used begin;
    private TranslatorMemory translator = TranslatorMemory.NONE;

    SectionLog(Supplier<Used> clocks) {
        this.clocks = clocks;
    }

    /** One byte of the serial console. */
    void accept(int value) {
        if (value != '\n') {
            line.write(value);
            return;
        }
        String text = line.toString(StandardCharsets.ISO_8859_1);
        line.reset();
        int marker = text.indexOf("@@ ");
        if (marker >= 0) {
            follow(text.substring(marker + 3).strip());
        } else if (text.contains("Kernel panic")) {
            done.completeExceptionally(new IllegalStateException(text));
        }
    }

    private void follow(String said) {
        String[] words = said.split(" ", -1);
        switch (words[0]) {
            case "ready" -> ready = clocks.get();
            case "begin" -> begin = clocks.get();
            case "end" -> {
                Used start = begin;
                if (start == null || words.length != 5) {
                    failures.add(said);
                    return;
                }
                sections.put(
                        words[1],
                        new Section(
                                Long.parseLong(words[2]),
                                Long.parseLong(words[3]),
                                words[4],
                                clocks.get().minus(start)));
            }
            case "failed" -> failures.add(said);
            case "done" -> done.complete(null);
            default -> failures.add("not understood: " + said);
        }
    }

    /** Notes what the translator's memory was when the guest was done. */
    void translator(TranslatorMemory memory) {
        translator = memory;
    }

    TranslatorMemory translator() {
        return translator;
    }

    /** Completes when the guest has said that it is done, or exceptionally when it can't be any more. */
    CompletableFuture<Void> done() {
        return done;
    }

    // Below: after done.

    Map<String, Section> sections() {
        return sections;
    }

    List<String> failures() {
        return failures;
    }

    /** What had been used when user space was reached; null if it wasn't. */
    @Nullable
    Used ready() {
        return ready;
    }
}
