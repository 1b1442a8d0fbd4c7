package oriel.it.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.guest.GuestAgent;
import oriel.hypervisor.guest.GuestCommand;
import oriel.hypervisor.guest.GuestIdentity;
import oriel.hypervisor.host.BootSpec;
import oriel.hypervisor.host.Cloning;
import oriel.hypervisor.host.InProcessHost;
import oriel.hypervisor.host.MachineSpec;
import oriel.hypervisor.host.NetworkSpec;
import oriel.hypervisor.host.TemplateSpec;
import oriel.hypervisor.machine.Accelerator;
import oriel.hypervisor.network.SegmentConfig;
import oriel.it.guest.GoldenImage;

/** Machines as pools have them, forked from one desktop: each has its own addresses, and reaches whom it may. */
@Tag("guest")
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class PoolNetworkTest {
    private static final Duration LIMIT = Duration.ofMinutes(3);
    private static final String OWNER = "test";
    private static final int MEMORY_MIB = 384;
    private static final DisplaySize SCREEN = new DisplaySize(800, 600);

    @TempDir
    private Path folder;

    private InProcessHost host;
    private GoldenImage image;
    private BootSpec boot;

    private GuestAgent clone(String name, int vlan, int station, boolean isolated) throws Exception {
        MachineSpec spec = new MachineSpec(
                        name, OWNER, 1, MEMORY_MIB, 1, image.disk(), boot, SCREEN, Cloning.instant("warm"))
                .with(new NetworkSpec(vlan, station, isolated, NetworkSpec.Uplink.NONE, SegmentConfig.DEFAULT_RATE));
        host.create(spec);
        host.start(spec);
        return host.guestAgent(name).orElseThrow();
    }

    private static String run(GuestAgent agent, String script) throws Exception {
        return agent.execute(GuestCommand.of("/bin/sh", "-c", script), LIMIT)
                .get(LIMIT.toSeconds(), TimeUnit.SECONDS)
                .output();
    }

    private static void awaitAddress(String name, GuestAgent agent, String address) {
        await(name + " has " + address)
                .atMost(LIMIT)
                .pollInterval(Duration.ofMillis(500))
                .until(
                        () -> run(agent, "busybox ip -4 addr show eth0"),
                        text -> text.contains("inet " + address + "/22"));
    }

    private static boolean reaches(GuestAgent agent, String peer) throws Exception {
        return run(agent, "busybox ping -c 3 -W 5 " + peer + " >/dev/null && echo answers")
                .contains("answers");
    }

    @Test
    void clonesMeetOnAnOpenSegmentOnly() throws Exception {
        image = GoldenImage.get();
        boot = new BootSpec(image.kernel(), image.initrd(), image.commandLine());
        try (InProcessHost opened = new InProcessHost("test", folder, Accelerator.AUTO, 1 << 20)) {
            host = opened;
            host.prepareTemplate(
                    new TemplateSpec("warm", OWNER, MEMORY_MIB, 1, image.disk(), boot, SCREEN, true),
                    Duration.ofMinutes(10));
            GuestAgent first = clone("pool-1", 1, 2, false);
            GuestAgent second = clone("pool-2", 1, 3, false);
            GuestAgent alone = clone("pool-3", 1, 4, true);
            GuestAgent elsewhere = clone("other-1", 2, 2, false);
            awaitAddress("pool-1", first, "10.64.4.2");
            awaitAddress("pool-2", second, "10.64.4.3");
            awaitAddress("pool-3", alone, "10.64.4.4");
            awaitAddress("other-1", elsewhere, "10.64.8.2");
            for (String name : List.of("pool-1", "pool-2")) {
                assertThat(run(host.guestAgent(name).orElseThrow(), "cat /sys/class/net/eth0/address"))
                        .containsIgnoringCase(GuestIdentity.of(name, OWNER, 1).mac());
            }
            assertThat(reaches(second, "10.64.4.2")).as("a machine of its pool").isTrue();
            assertThat(reaches(second, "pool-1.desktops.internal"))
                    .as("by name")
                    .isTrue();
            assertThat(reaches(alone, "10.64.4.1")).as("the segment's services").isTrue();
            assertThat(reaches(alone, "10.64.4.2"))
                    .as("an isolated one, a machine")
                    .isFalse();
            assertThat(reaches(first, "10.64.4.4")).as("an isolated machine").isFalse();
            assertThat(reaches(elsewhere, "10.64.4.2"))
                    .as("another pool's machine")
                    .isFalse();
        }
    }
}
