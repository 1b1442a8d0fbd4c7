package oriel.it.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import oriel.it.guest.GoldenImage;
import oriel.it.guest.HostCommand;

/** Stock Linux guests on a bridge of the host with dnsmasq as its DHCP server, in a network namespace. */
@Tag("guest")
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class BridgeTest {
    private static final String NETWORK = """
            PATH=$PATH:/usr/sbin:/sbin
            ip link set lo up
            ip link add br0 type bridge
            ip tuntap add @device@ mode tap
            ip link set @device@ master br0 up
            ip address add 192.0.2.1/24 dev br0
            ip link set br0 up
            dnsmasq --no-daemon --conf-file=/dev/null --port=0 --interface=br0 --bind-interfaces --user=root \
              --pid-file= --dhcp-range=192.0.2.50,192.0.2.60,1h --dhcp-leasefile=@folder@/leases >@folder@/dnsmasq.log 2>&1 &
            @java@ -cp @world@ oriel.it.vm.OutsideWorld &
            @java@ --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow -XX:+UseSerialGC \
              -Doriel.home=@home@ -Doriel.data=@data@ -cp @classes@ oriel.it.vm.BridgedGuests @folder@
            """;

    @TempDir
    private Path folder;

    @Test
    void machinesAreOnTheOfficesNetwork() throws Exception {
        OwnNetwork.assume(folder, "dnsmasq");
        GoldenImage.get();
        Path script = folder.resolve("network.sh");
        Files.writeString(
                script,
                NETWORK.replace("@device@", BridgedGuests.DEVICE)
                        .replace("@folder@", folder.toString())
                        .replace("@java@", System.getProperty("java.home") + "/bin/java")
                        .replace("@world@", OwnNetwork.classes().toString())
                        .replace("@home@", System.getProperty("oriel.home"))
                        .replace("@data@", System.getProperty("oriel.data"))
                        .replace("@classes@", System.getProperty("java.class.path")));
        // With the first process of a namespace all others end.
        String said = HostCommand.run(
                folder,
                List.of(
                        "unshare",
                        "--net",
                        "--mount",
                        "--pid",
                        "--fork",
                        "--kill-child",
                        "/bin/sh",
                        script.toString()));
        String second = said.substring(said.indexOf("=== second"), said.indexOf("=== alone"));
        String alone = said.substring(said.indexOf("=== alone"));
        assertThat(second)
                .containsPattern("address 192\\.0\\.2\\.[56][0-9]/24")
                .contains("the world says hello", "peer answers", "a lie is dropped");
        assertThat(alone)
                .containsPattern("address 192\\.0\\.2\\.[56][0-9]/24")
                .contains("the world says hello", "peer is silent", "a lie is dropped");
        assertThat(Files.readString(folder.resolve("leases"))).hasLineCount(3);
    }
}
