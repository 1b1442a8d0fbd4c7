package oriel.hypervisor.machine;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import oriel.hypervisor.display.DisplaySize;

/** Something a viewer did, as {@link MachineInput.Devices} get it. */
public sealed interface InputEvent {
    /** A key by its scan code. */
    record Key(int scanCode, boolean down) implements InputEvent {}

    /** The pointer's place on a screen of a size, and its buttons. */
    record Pointer(int x, int y, int width, int height, int buttons) implements InputEvent {}

    /** The wheel. */
    record Wheel(int vertical, int horizontal) implements InputEvent {}

    /** Text for the guest's clipboard. */
    record Clipboard(String text) implements InputEvent {}

    /** As one line of a tape, without its time. */
    default String text() {
        return switch (this) {
            case Key key -> "key %d %d".formatted(key.scanCode, key.down ? 1 : 0);
            case Pointer at -> "pointer %d %d %d %d %d".formatted(at.x, at.y, at.width, at.height, at.buttons);
            case Wheel wheel -> "wheel %d %d".formatted(wheel.vertical, wheel.horizontal);
            case Clipboard clipboard ->
                "clipboard " + Base64.getEncoder().encodeToString(clipboard.text.getBytes(StandardCharsets.UTF_8));
        };
    }

    /**
     * Reads what {@link #text} makes.
     *
     * @throws IllegalArgumentException if it isn't that
     */
    static InputEvent parse(String text) {
        String[] words = text.split(" ", -1);
        return switch (words[0]) {
            case "key" -> new Key(number(words, 1, 2), number(words, 2, 2) != 0);
            case "pointer" ->
                new Pointer(
                        number(words, 1, 5),
                        number(words, 2, 5),
                        number(words, 3, 5),
                        number(words, 4, 5),
                        number(words, 5, 5));
            case "wheel" -> new Wheel(number(words, 1, 2), number(words, 2, 2));
            case "clipboard" -> {
                if (words.length != 2) {
                    throw new IllegalArgumentException("clipboard wants one word");
                }
                yield new Clipboard(new String(Base64.getDecoder().decode(words[1]), StandardCharsets.UTF_8));
            }
            default -> throw new IllegalArgumentException("nothing is called '" + words[0] + "'");
        };
    }

    private static int number(String[] words, int at, int count) {
        if (words.length != count + 1) {
            throw new IllegalArgumentException("%s wants %d numbers".formatted(words[0], count));
        }
        return Integer.parseInt(words[at]);
    }

    /** Does it again. */
    default void apply(MachineInput.Devices devices) {
        switch (this) {
            case Key key -> devices.key(key.scanCode, key.down);
            case Pointer at -> devices.pointer(at.x, at.y, new DisplaySize(at.width, at.height), at.buttons);
            case Wheel wheel -> devices.wheel(wheel.vertical, wheel.horizontal);
            case Clipboard clipboard -> devices.clipboard(clipboard.text);
        }
    }
}
