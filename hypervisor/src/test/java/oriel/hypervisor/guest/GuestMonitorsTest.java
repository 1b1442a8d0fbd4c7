package oriel.hypervisor.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.display.MonitorLayout;
import oriel.hypervisor.display.Rectangle;

/** First the guest divides its screen, then it gets its size. */
class GuestMonitorsTest {
    private static final MonitorLayout ONE = MonitorLayout.single(new DisplaySize(1280, 720));
    private static final MonitorLayout OTHER = MonitorLayout.single(new DisplaySize(1024, 768));
    private static final MonitorLayout TWO = new MonitorLayout(
            new DisplaySize(2240, 720), List.of(new Rectangle(0, 0, 1280, 720), new Rectangle(1280, 0, 960, 600)));

    private final List<String> said = new ArrayList<>();
    private final List<CompletableFuture<GuestCommandResult>> running = new ArrayList<>();
    private boolean ready = true;
    private final GuestMonitors monitors = new GuestMonitors(
            agent(),
            size -> said.add("size " + size.width() + "x" + size.height()),
            layout -> said.add("divided " + layout.monitors().size()));

    private GuestAgent agent() {
        return (GuestAgent) Proxy.newProxyInstance(
                GuestAgent.class.getClassLoader(), new Class<?>[] {GuestAgent.class}, (_, method, arguments) -> {
                    if (method.getName().equals("ready")) {
                        return ready;
                    }
                    GuestCommand command = (GuestCommand) arguments[0];
                    said.add(command.path() + " " + String.join(" ", command.arguments()));
                    running.add(new CompletableFuture<>());
                    return running.getLast();
                });
    }

    private List<String> heard() {
        List<String> all = List.copyOf(said);
        said.clear();
        return all;
    }

    private void ended(int code) {
        running.getLast().complete(new GuestCommandResult(code, "", "", false));
    }

    @Test
    void monitorsComeBeforeTheSizeAndAreToldOnce() {
        monitors.request(TWO);
        assertThat(heard()).containsExactly("/usr/lib/oriel/monitors 1280x720+0+0 960x600+1280+0");
        ended(0);
        assertThat(heard()).containsExactly("divided 2", "size 2240x720");
        monitors.request(TWO);
        assertThat(heard()).as("the guest knows").containsExactly("divided 2", "size 2240x720");
        monitors.request(ONE);
        assertThat(heard()).containsExactly("/usr/lib/oriel/monitors ");
        ended(0);
        assertThat(heard()).containsExactly("divided 1", "size 1280x720");
        monitors.request(OTHER);
        assertThat(heard()).as("one monitor stays one").containsExactly("divided 1", "size 1024x768");
    }

    @Test
    void onlyTheLastOfManyWishesIsFollowed() {
        monitors.request(ONE);
        monitors.request(TWO);
        monitors.request(OTHER);
        monitors.request(TWO);
        assertThat(heard()).hasSize(1);
        ended(0);
        assertThat(heard())
                .containsExactly("divided 1", "size 1280x720", "/usr/lib/oriel/monitors 1280x720+0+0 960x600+1280+0");
        ended(0);
        assertThat(heard()).containsExactly("divided 2", "size 2240x720");
    }

    @Test
    void aGuestThatCantDivideItsScreenStillFollowsASize() {
        monitors.request(ONE);
        ended(127);
        assertThat(heard()).contains("size 1280x720");
        monitors.request(TWO);
        heard();
        ended(127);
        assertThat(heard())
                .as("a picture that wide, on one monitor, nobody wants")
                .isEmpty();
        monitors.request(OTHER);
        assertThat(heard()).containsExactly("divided 1", "size 1024x768");
    }

    @Test
    void withoutAnAgentThereIsOneMonitor() {
        ready = false;
        monitors.request(TWO);
        assertThat(heard()).isEmpty();
        monitors.request(ONE);
        assertThat(heard()).containsExactly("divided 1", "size 1280x720");
        ready = true;
        monitors.request(TWO);
        assertThat(heard()).hasSize(1);
        running.getLast().completeExceptionally(new IllegalStateException("too slow"));
        assertThat(heard()).isEmpty();
        monitors.request(ONE);
        assertThat(heard()).as("it may have been divided, for all we know").hasSize(1);
    }
}
