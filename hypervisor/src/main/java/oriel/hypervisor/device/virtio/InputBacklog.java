package oriel.hypervisor.device.virtio;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Input that the guest hasn't taken yet, in order and bounded. Motion replaces motion and wheel steps add up while the
 * guest is slow; keys and buttons are never merged. A guest that reads nothing for so long that the bound is reached
 * gets the difference between what it knows and what is true instead: no key or button stays stuck.
 */
final class InputBacklog {
    /** Groups kept one by one: more than a person produces in the seconds that a busy guest may need. */
    static final int LIMIT = 1024;

    private final Deque<Group> groups = new ArrayDeque<>();
    private final BitSet pressed = new BitSet(); // as the host said last
    private final BitSet told = new BitSet(); // as the guest was told
    private final Deque<InputEvent> sending = new ArrayDeque<>();
    private @Nullable Motion position;
    private boolean resynchronise;

    private sealed interface Group {}

    private record Motion(int x, int y) implements Group {}

    private record Wheel(int vertical, int horizontal) implements Group {}

    private record Key(int code, boolean down) implements Group {}

    void motion(int x, int y) {
        Motion motion = new Motion(x, y);
        if (motion.equals(position)) {
            return;
        }
        position = motion;
        if (groups.peekLast() instanceof Motion) {
            groups.removeLast();
        }
        add(motion);
    }

    void wheel(int vertical, int horizontal) {
        if (vertical == 0 && horizontal == 0) {
            return;
        }
        Wheel wheel = new Wheel(vertical, horizontal);
        if (groups.peekLast() instanceof Wheel(int v, int h)) {
            groups.removeLast();
            wheel = new Wheel(
                    Math.clamp((long) v + vertical, -LIMIT, LIMIT), Math.clamp((long) h + horizontal, -LIMIT, LIMIT));
        }
        add(wheel);
    }

    /** A key or button; a repetition of what is already so is ignored (guests repeat keys by themselves). */
    void key(int code, boolean down) {
        if (pressed.get(code) != down) {
            pressed.set(code, down);
            add(new Key(code, down));
        }
    }

    /** Releases everything that is down. */
    void releaseAll() {
        for (int code = pressed.nextSetBit(0); code >= 0; code = pressed.nextSetBit(code + 1)) {
            key(code, false);
        }
    }

    private void add(Group group) {
        if (resynchronise) {
            return;
        }
        groups.add(group);
        if (groups.size() > LIMIT) {
            resynchronise();
        }
    }

    /** Drops the history; the guest will get the difference. */
    void resynchronise() {
        groups.clear();
        resynchronise = true;
    }

    /** A new driver knows nothing: every key is up. */
    void forget() {
        groups.clear();
        sending.clear();
        told.clear();
        resynchronise = !pressed.isEmpty();
        position = null;
    }

    /** The next event for the guest, or null. */
    @Nullable
    InputEvent peek() {
        if (sending.isEmpty()) {
            if (resynchronise) {
                resynchronise = false;
                sending.addAll(difference());
            }
            Group next = sending.isEmpty() ? groups.poll() : null;
            if (next != null) {
                sending.addAll(events(next));
            }
        }
        return sending.peek();
    }

    /** The event of {@link #peek} was delivered. */
    void delivered() {
        InputEvent event = sending.remove();
        if (event.type() == InputEvent.EV_KEY) {
            told.set(event.code(), event.value() != 0);
        }
    }

    private List<InputEvent> events(Group group) {
        List<InputEvent> events = new ArrayList<>(3);
        switch (group) {
            case Motion motion -> addMotion(events, motion);
            case Wheel(int vertical, int horizontal) -> {
                if (vertical != 0) {
                    events.add(new InputEvent(InputEvent.EV_REL, InputEvent.REL_WHEEL, vertical));
                }
                if (horizontal != 0) {
                    events.add(new InputEvent(InputEvent.EV_REL, InputEvent.REL_HWHEEL, horizontal));
                }
            }
            case Key(int code, boolean down) -> events.add(new InputEvent(InputEvent.EV_KEY, code, down ? 1 : 0));
        }
        events.add(InputEvent.REPORT);
        return events;
    }

    private static void addMotion(List<InputEvent> events, Motion motion) {
        events.add(new InputEvent(InputEvent.EV_ABS, InputEvent.ABS_X, motion.x));
        events.add(new InputEvent(InputEvent.EV_ABS, InputEvent.ABS_Y, motion.y));
    }

    private List<InputEvent> difference() {
        List<InputEvent> events = new ArrayList<>();
        BitSet differs = (BitSet) pressed.clone();
        differs.xor(told);
        if (position != null) {
            addMotion(events, position);
        }
        differs.stream()
                .mapToObj(code -> new InputEvent(InputEvent.EV_KEY, code, pressed.get(code) ? 1 : 0))
                .forEach(events::add);
        if (!events.isEmpty()) {
            events.add(InputEvent.REPORT);
        }
        return events;
    }

    /** Keys that the guest believes down: what a snapshot keeps. */
    BitSet told() {
        return (BitSet) told.clone();
    }

    /** After a restore: the guest believes {@code keys} down, and nobody holds any. */
    void restore(BitSet keys) {
        groups.clear();
        sending.clear();
        pressed.clear();
        told.clear();
        told.or(keys);
        position = null;
        resynchronise = true;
    }
}
