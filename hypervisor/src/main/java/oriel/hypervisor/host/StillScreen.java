package oriel.hypervisor.host;

import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import oriel.hypervisor.display.Damage;
import oriel.hypervisor.machine.Machine;

/** Waits until a guest has drawn what it draws by itself, and idles. Stateless. */
final class StillScreen {
    private static final long LOOK_MILLIS = 250;

    /** Looks in a row that must find nothing new: two seconds. */
    private static final int STILL_LOOKS = 8;

    /** Instructions in one look below which a guest counts as idle: its timers only. */
    private static final long IDLE_INSTRUCTIONS = 5_000_000;

    private StillScreen() {}

    /**
     * Waits, at most for {@code patience}; a guest that never rests isn't broken.
     *
     * @return whether it rests
     */
    static boolean await(Machine machine, Duration patience) throws InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        long instructions = machine.statistics().instructions();
        int still = 0;
        while (still < STILL_LOOKS && System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
            long now = machine.statistics().instructions();
            boolean quiet = !changed(machine) && now - instructions < IDLE_INSTRUCTIONS;
            still = quiet ? still + 1 : 0;
            instructions = now;
        }
        return still == STILL_LOOKS;
    }

    private static boolean changed(Machine machine) throws InterruptedException {
        try {
            Damage damage = machine.display().takeDamage().get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
            return !damage.areas().isEmpty();
        } catch (TimeoutException | ExecutionException e) {
            return true; // busy, or over: the caller sees which
        }
    }
}
