package oriel.it.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import oriel.hypervisor.network.MacAddress;
import oriel.hypervisor.network.NetworkCard;
import oriel.hypervisor.network.PasstLink;
import oriel.hypervisor.network.Segment;
import oriel.hypervisor.network.SegmentConfig;
import oriel.hypervisor.network.StationConfig;
import oriel.hypervisor.network.VirtualSwitch;
import oriel.it.guest.GoldenImage;

/**
 * A stock Linux guest goes out of its segment by passt, into a network namespace that stands for the world: it has the
 * page {@code http://outside.example/} and a resolver that knows that name, and no connection to anywhere.
 */
@Tag("guest")
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class WayOutTest {
    private static final String SCRIPT = """
            ping -c 3 -W 5 10.64.4.3 && echo "neighbour answers" || echo "neighbour is silent"
            page 192.0.2.1
            page outside.example && echo "name answers" || echo "name is silent"
            """;

    /** passt as a program that first makes its world. Needs root, or a host that lets users have namespaces. */
    private static final String PASST = """
            #!/bin/sh
            PATH=$PATH:/usr/sbin:/sbin
            exec unshare --net --mount -- /bin/sh -c '
              ip link set lo up
              ip link add outside type veth peer name far
              ip link set far up
              ip link set outside up
              ip address add 192.0.2.1/24 dev outside
              ip route add default via 192.0.2.254 dev outside
              mount --bind @folder@/resolv.conf /etc/resolv.conf
              @java@/bin/java -cp @classes@ oriel.it.vm.OutsideWorld & world=$!
              trap "kill $world" EXIT TERM
              passt "$@" & wait $!
            ' passt "$@"
            """;

    @TempDir
    private Path folder;

    private GoldenImage image;
    private Path passt;

    @BeforeEach
    void prepare() throws Exception {
        OwnNetwork.assume(folder, "passt");
        image = GoldenImage.get();
        NetworkGuest.prepare(image, folder, SCRIPT);
        Files.writeString(folder.resolve("resolv.conf"), "nameserver 192.0.2.1\n");
        passt = folder.resolve("passt-of-a-world");
        Files.writeString(
                passt,
                PASST.replace("@java@", System.getProperty("java.home"))
                        .replace("@folder@", folder.toString())
                        .replace("@classes@", OwnNetwork.classes().toString()));
        Files.setPosixFilePermissions(passt, PosixFilePermissions.fromString("rwxr-xr-x"));
        // passt gives root up before it reads the resolver's address.
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private NetworkGuest guest(Segment segment, String name, int station) throws Exception {
        MacAddress address = MacAddress.forName(name);
        StationConfig open = new StationConfig(station, false, SegmentConfig.DEFAULT_RATE);
        return new NetworkGuest(
                image,
                folder,
                name,
                "",
                new NetworkCard(
                        address, segment.link(address, name, open, gateway -> PasstLink.behind(passt, gateway))));
    }

    @Test
    void guestsOfAnOpenSegmentReachEachOtherAndTheWorld() throws Exception {
        Segment segment = new VirtualSwitch(System::nanoTime).segment(SegmentConfig.isolated(1));
        try (NetworkGuest neighbour = guest(segment, "neighbour", 3)) {
            neighbour.await("address 10.64.4.3/22", "no lease");
            try (NetworkGuest guest = guest(segment, "guest", 4)) {
                guest.await("name answers", "name is silent");
                assertThat(guest.said())
                        .contains("neighbour answers")
                        .containsSubsequence("the world says hello", "the world says hello")
                        .contains("address 10.64.4.4/22");
            }
        }
    }
}
