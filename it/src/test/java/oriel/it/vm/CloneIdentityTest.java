package oriel.it.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.guest.GuestAgent;
import oriel.hypervisor.guest.GuestCommand;
import oriel.hypervisor.guest.GuestCommandResult;
import oriel.hypervisor.guest.GuestIdentity;
import oriel.hypervisor.host.BootSpec;
import oriel.hypervisor.host.Cloning;
import oriel.hypervisor.host.InProcessHost;
import oriel.hypervisor.host.MachineSpec;
import oriel.hypervisor.host.TemplateSpec;
import oriel.hypervisor.machine.Accelerator;
import oriel.it.guest.GoldenImage;

/**
 * Fifty forks of one desktop, alive at once, are fifty different machines: what each says of itself, by its own programs,
 * is told by nobody else.
 */
@Tag("slow")
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class CloneIdentityTest {
    private static final int CLONES = 50;
    private static final int MEMORY_MIB = 384;
    private static final Duration LIMIT = Duration.ofMinutes(3);
    private static final DisplaySize SCREEN = new DisplaySize(800, 600);
    private static final String OWNER = "test";

    /** One line each; a key of SSH only where the image has a server. */
    private static final GuestCommand WHO = GuestCommand.of("/bin/sh", "-c", """
            echo "host-name $(cat /proc/sys/kernel/hostname)"
            echo "machine-id $(cat /etc/machine-id)"
            echo "resolves $(grep -c " $(cat /proc/sys/kernel/hostname)$" /etc/hosts)"
            echo "random $(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' ')"
            echo "uuid $(cat /proc/sys/kernel/random/uuid)"
            for key in /etc/ssh/ssh_host_*.pub; do [ ! -e "$key" ] || echo "$(basename $key) $(cut -d' ' -f2 $key)"; done
            """);

    @TempDir
    private Path folder;

    @Test
    void fiftyClonesAreFiftyMachines() throws Exception {
        GoldenImage image = GoldenImage.get();
        BootSpec boot = new BootSpec(image.kernel(), image.initrd(), image.commandLine());
        try (InProcessHost host = new InProcessHost("test", folder, Accelerator.AUTO, 1 << 20)) {
            host.prepareTemplate(
                    new TemplateSpec("warm", OWNER, MEMORY_MIB, 1, image.disk(), boot, SCREEN), Duration.ofMinutes(10));
            List<String> names = new ArrayList<>();
            for (int i = 0; i < CLONES; i++) {
                MachineSpec spec = new MachineSpec(
                        "clone-" + i, OWNER, 1, MEMORY_MIB, 1, image.disk(), boot, SCREEN, Cloning.instant("warm"));
                host.create(spec);
                host.start(spec);
                names.add(spec.name());
            }
            Map<String, Map<String, String>> facts = new HashMap<>();
            for (String name : names) {
                GuestAgent agent = host.guestAgent(name).orElseThrow();
                String machineId = GuestIdentity.of(name, OWNER, 1).machineId();
                await(name + " knows who it is")
                        .atMost(LIMIT)
                        .until(() -> who(agent), who -> machineId.equals(who.get("machine-id")));
                facts.put(name, who(agent));
            }
            assertThat(facts)
                    .hasSize(CLONES)
                    .allSatisfy((name, who) ->
                            assertThat(who).containsEntry("host-name", name).containsEntry("resolves", "1"));
            List<String> kinds = List.copyOf(facts.get("clone-0").keySet());
            assertThat(kinds).contains("host-name", "machine-id", "random", "uuid");
            for (String kind : kinds) {
                if (!kind.equals("resolves")) {
                    assertThat(facts.values())
                            .extracting(who -> who.get(kind))
                            .as(kind)
                            .doesNotContainNull()
                            .doesNotHaveDuplicates();
                }
            }
            assertThat(names)
                    .extracting(name -> GuestIdentity.of(name, OWNER, 1).mac())
                    .as("hardware address")
                    .doesNotHaveDuplicates();
        }
    }

    private static Map<String, String> who(GuestAgent agent) throws Exception {
        GuestCommandResult result = agent.execute(WHO, LIMIT).get(LIMIT.toSeconds(), TimeUnit.SECONDS);
        assertThat(result.exitCode()).as(result.errors()).isZero();
        Map<String, String> who = new HashMap<>();
        result.output().lines().map(line -> line.split(" ", 2)).forEach(pair -> who.put(pair[0], pair[1]));
        return who;
    }
}
