package oriel.hypervisor.device.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class InputBacklogTest {
    private final InputBacklog backlog = new InputBacklog();

    private List<InputEvent> drain() {
        List<InputEvent> events = new ArrayList<>();
        for (InputEvent event = backlog.peek(); event != null; event = backlog.peek()) {
            events.add(event);
            backlog.delivered();
        }
        return events;
    }

    private static InputEvent key(int code, int value) {
        return new InputEvent(1, code, value);
    }

    private static InputEvent abs(int axis, int value) {
        return new InputEvent(3, axis, value);
    }

    @Test
    void motionReplacesMotionButStaysInOrderWithButtons() {
        backlog.motion(1, 1);
        backlog.motion(2, 2);
        backlog.key(0x110, true);
        backlog.motion(3, 3);
        backlog.motion(4, 4);
        backlog.key(0x110, false);
        assertThat(drain())
                .containsExactly(
                        abs(0, 2),
                        abs(1, 2),
                        InputEvent.REPORT,
                        key(0x110, 1),
                        InputEvent.REPORT,
                        abs(0, 4),
                        abs(1, 4),
                        InputEvent.REPORT,
                        key(0x110, 0),
                        InputEvent.REPORT);
    }

    @Test
    void wheelStepsAddUp() {
        backlog.wheel(1, 0);
        backlog.wheel(1, -1);
        assertThat(drain()).containsExactly(new InputEvent(2, 8, 2), new InputEvent(2, 6, -1), InputEvent.REPORT);
    }

    @Test
    void repeatedKeysAreLeftToTheGuest() {
        backlog.key(30, true);
        backlog.key(30, true);
        assertThat(drain()).hasSize(2);
    }

    @Test
    void aGroupThatIsHalfDeliveredIsNotMerged() {
        backlog.motion(1, 1);
        assertThat(backlog.peek()).isEqualTo(abs(0, 1));
        backlog.delivered();
        backlog.motion(2, 2);
        assertThat(drain()).containsExactly(abs(1, 1), InputEvent.REPORT, abs(0, 2), abs(1, 2), InputEvent.REPORT);
    }

    @Test
    void afterOverflowTheGuestGetsTheDifference() {
        backlog.key(42, true);
        drain();
        for (int i = 0; i < InputBacklog.LIMIT; i++) {
            backlog.key(30, i % 2 == 0);
            backlog.motion(i, i);
        }
        backlog.key(42, false);
        backlog.key(31, true);
        assertThat(drain())
                .containsExactly(
                        abs(0, InputBacklog.LIMIT - 1),
                        abs(1, InputBacklog.LIMIT - 1),
                        key(31, 1),
                        key(42, 0),
                        InputEvent.REPORT);
    }

    @Test
    void aNewDriverLearnsWhatIsHeld() {
        backlog.key(42, true);
        drain();
        backlog.forget();
        assertThat(drain()).containsExactly(key(42, 1), InputEvent.REPORT);
    }

    @Test
    void afterARestoreKeysThatNobodyHoldsAreReleased() {
        BitSet told = new BitSet();
        told.set(29);
        backlog.restore(told);
        assertThat(drain()).containsExactly(key(29, 0), InputEvent.REPORT);
    }

    @Test
    void whateverTheOrderTheGuestEndsWithTheTruth() {
        Random random = new Random(99);
        BitSet held = new BitSet();
        BitSet guest = new BitSet();
        for (int i = 0; i < 200_000; i++) {
            int code = 1 + random.nextInt(40);
            boolean down = random.nextBoolean();
            backlog.key(code, down);
            held.set(code, down);
            backlog.motion(random.nextInt(5), random.nextInt(5));
            // Mostly the guest takes about as much as comes; now and then nothing for long.
            if ((i >> 13) % 2 == 0) {
                for (int n = 0; n < 8 && backlog.peek() != null; n++) {
                    apply(guest);
                }
            }
        }
        while (backlog.peek() != null) {
            apply(guest);
        }
        assertThat(guest).isEqualTo(held);
    }

    private void apply(BitSet guest) {
        InputEvent event = backlog.peek();
        if (event != null && event.type() == InputEvent.EV_KEY) {
            assertThat(guest.get(event.code())).as("each transition once").isEqualTo(event.value() == 0);
            guest.set(event.code(), event.value() != 0);
        }
        backlog.delivered();
    }
}
