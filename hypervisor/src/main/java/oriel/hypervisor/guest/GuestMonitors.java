package oriel.hypervisor.guest;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.MonitorLayout;
import oriel.hypervisor.display.Rectangle;

/**
 * Has the guest divide its one screen among monitors: a program of the golden image does that, called through the QEMU guest
 * agent, and then the screen gets its size, so that programs which hear of the new size find the new monitors. Requests while
 * one is under way replace each other. Confined to the machine's thread.
 */
public final class GuestMonitors {
    /** Of the golden image; its arguments are {@code WIDTHxHEIGHT+X+Y}, one for each monitor. */
    static final String PROGRAM = "/usr/lib/oriel/monitors";

    private static final Logger LOG = LoggerFactory.getLogger(GuestMonitors.class);
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final GuestAgent agent;
    private final Consumer<DisplaySize> size;
    private final Consumer<MonitorLayout> divided;

    /** What the guest was told last; null if nobody knows, as after a machine was loaded. */
    private @Nullable List<Rectangle> told;

    private @Nullable MonitorLayout wanted;
    private boolean busy;

    /**
     * For a guest.
     *
     * @param size takes the size that the guest is to be told next
     * @param divided takes what the guest has been divided into
     */
    public GuestMonitors(GuestAgent agent, Consumer<DisplaySize> size, Consumer<MonitorLayout> divided) {
        this.agent = agent;
        this.size = size;
        this.divided = divided;
    }

    /** The screen should be like this. */
    public void request(MonitorLayout layout) {
        wanted = layout;
        if (!busy) {
            proceed(layout);
        }
    }

    private void proceed(MonitorLayout layout) {
        List<Rectangle> monitors = layout.divided() ? layout.monitors() : List.of();
        if (monitors.equals(told)) {
            followed(layout);
        } else if (agent.ready()) {
            busy = true;
            CompletableFuture<?> _ = agent.execute(command(monitors), PATIENCE)
                    .whenComplete((result, failure) -> answered(layout, monitors, result, failure));
        } else if (monitors.isEmpty()) {
            followed(layout); // who never answered was never divided
        } else {
            LOG.info("the guest has no agent that could divide its screen");
        }
    }

    private static GuestCommand command(List<Rectangle> monitors) {
        return new GuestCommand(
                PROGRAM, monitors.stream().map(GuestMonitors::geometry).toList(), List.of(), "");
    }

    private static String geometry(Rectangle monitor) {
        return monitor.width() + "x" + monitor.height() + "+" + monitor.x() + "+" + monitor.y();
    }

    private void answered(
            MonitorLayout layout,
            List<Rectangle> monitors,
            @Nullable GuestCommandResult result,
            @Nullable Throwable failure) {
        busy = false;
        if (failure != null) {
            told = null;
        }
        if (result != null && result.exitCode() == 0) {
            told = monitors;
            followed(layout);
        } else if (monitors.isEmpty()) {
            // An image without that program has one monitor anyway.
            told = failure == null ? monitors : null;
            followed(layout);
        } else {
            LOG.info(
                    "the guest can't divide its screen: {}",
                    result == null ? failure : "exit status " + result.exitCode());
        }
        MonitorLayout next = wanted;
        if (next != null && !next.equals(layout)) {
            proceed(next);
        }
    }

    private void followed(MonitorLayout layout) {
        divided.accept(layout);
        size.accept(layout.size());
    }
}
