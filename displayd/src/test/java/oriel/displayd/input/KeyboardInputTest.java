package oriel.displayd.input;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import oriel.displayd.testing.SyntheticDisplay.RecordingInput;

final class KeyboardInputTest {
    private static final int SHIFT_L = 0xFFE1;

    private final RecordingInput machine = new RecordingInput();
    private final KeyboardInput keyboard = new KeyboardInput(machine);

    @Test
    void scanCodesGoThrough() {
        keyboard.scanCode(0x1E, 'q', true);
        keyboard.scanCode(0xC8, 0, false);
        assertThat(machine.events()).containsExactly("down 1e", "up c8");
    }

    @Test
    void nonsenseScanCodesFallBackToTheSymbol() {
        keyboard.scanCode(0, 'a', true);
        keyboard.scanCode(0x80, 'a', false);
        keyboard.scanCode(-5, 0x12345678, true);
        assertThat(machine.events()).containsExactly("down 1e", "up 1e");
    }

    @Test
    void shiftIsAddedWhereTheSymbolNeedsIt() {
        keyboard.keysym('$', true);
        keyboard.keysym('$', false);
        assertThat(machine.events()).containsExactly("down 2a", "down 05", "up 2a", "up 05");
    }

    @Test
    void shiftIsLeftAloneWhereItFits() {
        keyboard.keysym(SHIFT_L, true);
        keyboard.keysym('A', true);
        keyboard.keysym('A', false);
        keyboard.keysym(SHIFT_L, false);
        assertThat(machine.events()).containsExactly("down 2a", "down 1e", "up 1e", "up 2a");
    }

    @Test
    void shiftIsLiftedWhereTheClientsLayoutNeededItAndOursDoesNot() {
        // A German keyboard: the slash is Shift+7.
        keyboard.keysym(SHIFT_L, true);
        keyboard.keysym('/', true);
        keyboard.keysym('/', false);
        assertThat(machine.events()).containsExactly("down 2a", "up 2a", "down 35", "down 2a", "up 35");
    }

    @Test
    void theKeyThatWasPressedIsReleased() {
        keyboard.keysym('/', true);
        keyboard.keysym('/', false);
        keyboard.keysym('/', false);
        assertThat(machine.events()).containsExactly("down 35", "up 35");
    }

    @Test
    void capsLockAlreadyMakesCapitals() {
        keyboard.setLights(4);
        keyboard.keysym('A', true);
        keyboard.keysym('$', true);
        assertThat(machine.events()).containsExactly("down 1e", "down 2a", "down 05", "up 2a");
    }

    @Test
    void unicodeAndSpecialSymbols() {
        keyboard.keysym(0x01000061, true);
        keyboard.keysym(0xFF0D, true);
        keyboard.keysym(0xFF8D, true);
        keyboard.keysym(0xFE03, true);
        keyboard.keysym(0xFFC9, true);
        keyboard.keysym(0x20AC, true);
        assertThat(machine.events()).containsExactly("down 1e", "down 1c", "down 9c", "down b8", "down 58");
    }
}
