package oriel.hypervisor.machine;

import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What came from keyboard and pointer, and when in the machine's time: with it a run in {@link InstructionTime} can be
 * repeated to the instruction. A tape is text, a line an event: nanoseconds, then {@link InputEvent#text}.
 */
public sealed interface InputTape {
    /** Nothing is kept. */
    record Blank() implements InputTape {}

    /**
     * Input is noted as it comes.
     *
     * @param out gets a line for each event, on the machine's thread; closed by its owner
     */
    record Recording(Writer out) implements InputTape {}

    /**
     * Input comes from here, and from nowhere else.
     *
     * @param events ascending by time
     */
    record Replay(List<Timed> events) implements InputTape {
        /** Copies the events. */
        public Replay {
            events = List.copyOf(events);
        }
    }

    /** An event and the machine's time in nanoseconds. */
    record Timed(long nanos, InputEvent event) {}

    /**
     * Reads a tape.
     *
     * @throws IOException if it can't be read or isn't one; the message names the line
     */
    static Replay read(Path file) throws IOException {
        List<Timed> events = new ArrayList<>();
        int number = 0;
        for (String line : Files.readAllLines(file)) {
            number++;
            int space = line.indexOf(' ');
            try {
                long nanos = Long.parseLong(line.substring(0, Math.max(space, 0)));
                if (!events.isEmpty() && nanos < events.getLast().nanos()) {
                    throw new IllegalArgumentException("its time is before the line's above it");
                }
                events.add(new Timed(nanos, InputEvent.parse(line.substring(space + 1))));
            } catch (IllegalArgumentException e) {
                throw new IOException(
                        "%s, line %d is no recorded input: %s".formatted(file, number, e.getMessage()), e);
            }
        }
        return new Replay(events);
    }
}
