package oriel.hypervisor.device.input;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.device.chipset.RecordingLine;
import oriel.hypervisor.device.chipset.RecordingPower;
import oriel.hypervisor.device.chipset.Snapshots;

class I8042Test {
    private static final int CTRL = 0x1D, SHIFT = 0x2A, ALT = 0x38, A = 0x1E, UP = 0xC8;

    private final RecordingLine irq1 = new RecordingLine();
    private final RecordingLine irq12 = new RecordingLine();
    private final RecordingPower power = new RecordingPower();
    private final List<Integer> leds = new ArrayList<>();
    private final Ps2Keyboard keyboard = new Ps2Keyboard(leds::add);
    private final Ps2Mouse mouse = new Ps2Mouse();
    private final I8042 controller = new I8042(irq1, irq12, power, keyboard, mouse);

    private void command(int value) {
        controller.writePort(0x64, 1, value);
    }

    private void data(int value) {
        controller.writePort(0x60, 1, value);
    }

    private void toMouse(int... values) {
        for (int value : values) {
            command(0xD4);
            data(value);
        }
    }

    private int status() {
        return controller.readPort(0x64, 1);
    }

    /** All bytes that wait, each checked to come from the right side. */
    private List<Integer> drain(boolean aux) {
        List<Integer> bytes = new ArrayList<>();
        while ((status() & 1) != 0) {
            assertThat((status() & 0x20) != 0).isEqualTo(aux);
            bytes.add(controller.readPort(0x60, 1));
        }
        return bytes;
    }

    private List<Integer> keyboard() {
        return drain(false);
    }

    private List<Integer> mouse() {
        return drain(true);
    }

    private void untranslated() {
        command(0x60);
        data(0x07);
    }

    // ---- Controller

    @Test
    void passesLinuxProbe() {
        assertThat(status() & 1).isZero();
        command(0x20);
        assertThat(keyboard()).containsExactly(0x47);
        command(0xAA);
        assertThat(keyboard()).containsExactly(0x55);
        command(0xD3); // auxiliary loop: proves that there is a mouse port
        data(0x5A);
        assertThat(mouse()).containsExactly(0x5A);
        command(0xA7);
        command(0x20);
        assertThat(keyboard().getFirst() & 0x20).isEqualTo(0x20);
        command(0xA8);
        command(0x20);
        assertThat(keyboard().getFirst() & 0x20).isZero();
        command(0xA9);
        assertThat(keyboard()).containsExactly(0);
    }

    @Test
    void multiplexerProbeFindsNone() {
        for (int value : new int[] {0xF0, 0x56, 0xA4}) {
            command(0xD3);
            data(value);
            assertThat(mouse()).containsExactly(value);
        }
    }

    @Test
    void pulseResetsTheMachine() {
        command(0xFE);
        assertThat(power.resets()).isEqualTo(1);
        command(0xD1);
        data(0x02);
        assertThat(power.resets()).isEqualTo(2);
    }

    @Test
    void eachByteIsItsOwnInterrupt() {
        keyboard.key(UP, true);
        assertThat(irq1.edges()).isEqualTo(1);
        assertThat(controller.readPort(0x60, 1)).isEqualTo(0xE0);
        assertThat(irq1.edges()).isEqualTo(2);
        assertThat(controller.readPort(0x60, 1)).isEqualTo(0x48);
        assertThat(irq1.asserted()).isFalse();
        assertThat(irq12.edges()).isZero();
    }

    @Test
    void disabledInterruptStaysQuiet() {
        command(0x60);
        data(0x44);
        keyboard.key(A, true);
        assertThat(irq1.edges()).isZero();
        assertThat(keyboard()).containsExactly(0x1E);
    }

    @Test
    void disabledKeyboardHoldsItsBytes() {
        command(0xAD);
        keyboard.key(A, true);
        assertThat(status() & 1).isZero();
        command(0xAE);
        assertThat(keyboard()).containsExactly(0x1E);
    }

    // ---- Keyboard

    @Test
    void translatedKeysComeAsSet1() {
        keyboard.key(A, true);
        keyboard.key(A, false);
        keyboard.key(UP, true);
        keyboard.key(UP, false);
        assertThat(keyboard()).containsExactly(0x1E, 0x9E, 0xE0, 0x48, 0xE0, 0xC8);
    }

    @Test
    void everyKeySurvivesTranslation() {
        for (int key = 1; key < 0x59; key++) {
            if (key == ScanCodes.SYS_RQ) {
                continue;
            }
            keyboard.key(key, true);
            keyboard.key(key, false);
            assertThat(keyboard()).as("key %#x", key).containsExactly(key, key | 0x80);
        }
    }

    @Test
    void untranslatedKeysComeAsSet2() {
        untranslated();
        keyboard.key(A, true);
        keyboard.key(A, false);
        keyboard.key(0x41, true); // F7
        keyboard.key(UP, false);
        keyboard.key(UP, true);
        keyboard.key(UP, false);
        assertThat(keyboard()).containsExactly(0x1C, 0xF0, 0x1C, 0x83, 0xE0, 0x75, 0xE0, 0xF0, 0x75);
    }

    @Test
    void set3() {
        untranslated();
        data(0xF0);
        data(3);
        data(0xF0);
        data(0);
        assertThat(keyboard()).containsExactly(0xFA, 0xFA, 0xFA, 0xFA, 3);
        keyboard.key(A, true);
        keyboard.key(A, false);
        keyboard.key(UP, true);
        keyboard.key(ScanCodes.PAUSE, true);
        assertThat(keyboard()).containsExactly(0x1C, 0xF0, 0x1C, 0x63, 0x62);
    }

    @Test
    void pauseComesAtOnceAndHasNoRelease() {
        keyboard.key(ScanCodes.PAUSE, true);
        keyboard.key(ScanCodes.PAUSE, false);
        assertThat(keyboard()).containsExactly(0xE1, 0x1D, 0x45, 0xE1, 0x9D, 0xC5);
    }

    @Test
    void pauseWithCtrlIsBreak() {
        keyboard.key(CTRL, true);
        keyboard();
        keyboard.key(ScanCodes.PAUSE, true);
        assertThat(keyboard()).containsExactly(0xE0, 0x46, 0xE0, 0xC6);
    }

    @Test
    void printScreenFakesShift() {
        keyboard.key(ScanCodes.PRINT_SCREEN, true);
        keyboard.key(ScanCodes.PRINT_SCREEN, false);
        assertThat(keyboard()).containsExactly(0xE0, 0x2A, 0xE0, 0x37, 0xE0, 0xB7, 0xE0, 0xAA);
        keyboard.key(SHIFT, true);
        keyboard();
        keyboard.key(ScanCodes.SYS_RQ, true);
        keyboard.key(SHIFT, false);
        keyboard.key(ScanCodes.SYS_RQ, false);
        assertThat(keyboard()).containsExactly(0xE0, 0x37, 0xAA, 0xE0, 0xB7);
    }

    @Test
    void printScreenWithAltIsSysRq() {
        keyboard.key(ALT, true);
        keyboard();
        keyboard.key(ScanCodes.PRINT_SCREEN, true);
        keyboard.key(ALT, false);
        keyboard.key(ScanCodes.PRINT_SCREEN, false);
        assertThat(keyboard()).containsExactly(0x54, 0xB8, 0xD4);
    }

    @Test
    void answersCommands() {
        data(0xF2);
        data(0xED);
        data(5);
        data(0xEE);
        data(0xF3);
        data(0);
        assertThat(keyboard()).containsExactly(0xFA, 0xAB, 0x41, 0xFA, 0xFA, 0xEE, 0xFA, 0xFA);
        data(0xFF);
        assertThat(keyboard()).containsExactly(0xFA, 0xAA);
        assertThat(leds).containsSequence(5);
    }

    @Test
    void unknownCommandIsRefused() {
        data(0xEA);
        assertThat(keyboard()).containsExactly(0xFE);
    }

    @Test
    void disabledScanningDropsKeys() {
        data(0xF5);
        keyboard.key(A, true);
        assertThat(keyboard()).containsExactly(0xFA);
    }

    @Test
    void replyDoesNotSplitAKey() {
        keyboard.key(UP, true);
        keyboard.key(UP, false);
        assertThat(controller.readPort(0x60, 1)).isEqualTo(0xE0);
        data(0xEE);
        assertThat(keyboard()).containsExactly(0x48, 0xEE, 0xE0, 0xC8);
    }

    @Test
    void guestThatStopsReadingStillLearnsOfReleases() {
        keyboard.key(A, true);
        for (int i = 0; i < 10_000; i++) {
            keyboard.key(UP, true);
        }
        keyboard.key(A, false);
        keyboard.key(UP, false);
        List<Integer> bytes = keyboard();
        assertThat(bytes).hasSizeLessThanOrEqualTo(260);
        assertThat(bytes.subList(bytes.size() - 3, bytes.size())).containsExactly(0x9E, 0xE0, 0xC8);
    }

    @Test
    void releaseAllReleasesWhatIsDown() {
        keyboard.key(A, true);
        keyboard.key(CTRL, true);
        keyboard();
        keyboard.releaseAll();
        assertThat(keyboard()).containsExactlyInAnyOrder(0x9E, 0x9D);
        keyboard.releaseAll();
        assertThat(keyboard()).isEmpty();
    }

    @Test
    void impossibleKeysAreIgnored() {
        for (int key : new int[] {-1, 0, 0x80, 0x100, Integer.MAX_VALUE}) {
            keyboard.key(key, true);
        }
        keyboard.key(A, false);
        assertThat(keyboard()).isEmpty();
    }

    // ---- Mouse

    @Test
    void answersLinuxMouseProbe() {
        toMouse(0xFF);
        assertThat(mouse()).containsExactly(0xFA, 0xAA, 0);
        toMouse(0xF2);
        assertThat(mouse()).containsExactly(0xFA, 0);
        toMouse(0xE9);
        assertThat(mouse()).containsExactly(0xFA, 0, 2, 100);
        toMouse(0xE1); // is it a TrackPoint? No.
        assertThat(mouse()).containsExactly(0xFE);
    }

    private void knock(int... rates) {
        for (int rate : rates) {
            toMouse(0xF3, rate);
        }
        mouse();
    }

    private void explorer() {
        knock(200, 100, 80, 200, 200, 80);
        toMouse(0xF4);
        mouse();
    }

    @Test
    void becomesAnIntelliMouseAndAnExplorer() {
        knock(200, 100, 80);
        toMouse(0xF2);
        assertThat(mouse()).containsExactly(0xFA, 3);
        knock(200, 200, 80);
        toMouse(0xF2);
        assertThat(mouse()).containsExactly(0xFA, 4);
    }

    @Test
    void movesInThreeBytesWithYUpwards() {
        toMouse(0xF4);
        mouse();
        mouse.move(5, 3, 0, 1);
        assertThat(mouse()).containsExactly(0x29, 5, 0xFD);
        assertThat(irq12.edges()).isPositive();
    }

    @Test
    void wheelAndFiveButtons() {
        explorer();
        mouse.move(0, 0, 1, 0);
        assertThat(mouse()).containsExactly(0x08, 0, 0, 0x0F);
        mouse.move(0, 0, 0, 0b11111);
        assertThat(mouse()).containsExactly(0x0F, 0, 0, 0x30);
        mouse.move(0, 0, 0, 0b00010);
        assertThat(mouse()).containsExactly(0x0C, 0, 0, 0);
    }

    @Test
    void longMovesAreSplit() {
        toMouse(0xF4);
        mouse();
        mouse.move(600, 0, 0, 0);
        assertThat(mouse()).containsExactly(8, 255, 0, 8, 255, 0, 8, 90, 0);
    }

    @Test
    void silentUntilReportingIsOn() {
        mouse.move(5, 5, 0, 1);
        assertThat(mouse()).isEmpty();
    }

    @Test
    void movementAddsUpWhileTheGuestIsSlow() {
        explorer();
        for (int i = 0; i < 1000; i++) {
            mouse.move(1, 0, 0, 0);
        }
        List<Integer> bytes = mouse();
        assertThat(bytes.size()).isLessThan(160);
        int sum = 0;
        for (int i = 1; i < bytes.size(); i += 4) {
            sum += bytes.get(i);
        }
        assertThat(sum).isEqualTo(1000);
    }

    @Test
    void everyAccessIsSurvived() {
        Random random = new Random(13);
        for (int i = 0; i < 200_000; i++) {
            switch (random.nextInt(6)) {
                case 0 -> command(random.nextInt(256));
                case 1 -> data(random.nextInt(256));
                case 2 -> keyboard.key(random.nextInt(300), random.nextBoolean());
                case 3 -> mouse.move(random.nextInt(), random.nextInt(), random.nextInt(), random.nextInt(32));
                default ->
                    assertThat(controller.readPort(0x60 + 4 * random.nextInt(2), 1))
                            .isBetween(0, 255);
            }
        }
        controller.reset();
        assertThat(keyboard()).isEmpty();
    }

    @Test
    void stateSurvivesASnapshot() {
        explorer();
        keyboard.key(UP, true);
        mouse.move(300, 1, 0, 1);
        byte[] state = Snapshots.save(controller);
        Ps2Keyboard keyboardCopy = new Ps2Keyboard(on -> {});
        I8042 copy = new I8042(irq1, irq12, power, keyboardCopy, new Ps2Mouse());
        Snapshots.load(copy, state);
        assertThat(Snapshots.save(copy)).isEqualTo(state);
        List<Integer> bytes = new ArrayList<>();
        while ((copy.readPort(0x64, 1) & 1) != 0) {
            bytes.add(copy.readPort(0x60, 1));
        }
        assertThat(bytes).containsExactly(0xE0, 0x48, 0x29, 255, 0xFF, 0, 0x09, 45, 0, 0);
    }
}
