package oriel.it.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import oriel.hypervisor.disk.DiskFormat;
import oriel.hypervisor.disk.DiskImages;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.firmware.Boot;
import oriel.hypervisor.firmware.Initrd;
import oriel.hypervisor.firmware.LinuxKernel;
import oriel.hypervisor.machine.Accelerator;
import oriel.hypervisor.machine.Machine;
import oriel.hypervisor.machine.MachineConfig;
import oriel.hypervisor.network.Ipv4Address;
import oriel.hypervisor.network.Ipv4Subnet;
import oriel.hypervisor.network.MacAddress;
import oriel.hypervisor.network.NetworkCard;
import oriel.hypervisor.network.Segment;
import oriel.hypervisor.network.SegmentConfig;
import oriel.hypervisor.network.VirtualSwitch;
import oriel.it.guest.GoldenImage;

/** Stock Linux guests on the virtual switch: DHCP by busybox, DNS, and pings that arrive or don't. */
@Tag("guest")
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class NetworkTest {
    private static final Duration BOOT = Duration.ofMinutes(8);

    /** Takes the golden disk's drivers and DHCP client, and tells what answers. */
    private static final String SCRIPT = """
            for module in crc16 crc32c_generic libcrc32c mbcache jbd2 ext4; do /bin/busybox insmod /lib/$module.ko; done
            until [ -b /dev/vda ]; do /bin/busybox usleep 50000; done
            /bin/busybox mount -t ext4 /dev/vda /root
            for module in core/failover.ko net_failover.ko virtio_net.ko; do
              /bin/busybox insmod $(/bin/busybox find /root/lib/modules -path "*$module")
            done
            /bin/busybox mount -t proc none /root/proc
            /bin/busybox ip link set eth0 up
            in_root() { /bin/busybox chroot /root /bin/busybox "$@"; }
            in_root udhcpc -q -n -t 10 -i eth0 -s /usr/lib/oriel/network-lease
            echo "address $(/bin/busybox ip -4 addr show eth0 | /bin/busybox awk '/inet/ { print $2 }')"
            in_root ping -c 1 -W 5 $(in_root ip route | /bin/busybox awk '/default/ { print $3 }') && echo "gateway answers"
            in_root nslookup first.pool.internal
            peer=$(/bin/busybox sed 's/.*peer=//' /proc/cmdline)
            in_root ping -c 3 -W 5 $peer && echo "peer answers" || echo "peer is silent"
            while :; do /bin/busybox sleep 1000; done
            """;

    @TempDir
    private Path folder;

    private GoldenImage image;
    private final VirtualSwitch fabric = new VirtualSwitch(System::nanoTime);

    @BeforeEach
    void prepare() throws Exception {
        image = GoldenImage.get();
        SmallInitrd.write(image.initrd(), SCRIPT, folder.resolve("initrd"));
    }

    private Segment segment(int vlan, boolean isolated) {
        Ipv4Subnet subnet = new Ipv4Subnet(Ipv4Address.of(10, 20, 30, 0), 24);
        return fabric.segment(new SegmentConfig(vlan, subnet, isolated, SegmentConfig.DEFAULT_RATE, "pool.internal"));
    }

    /** A guest, and what it says on its serial console. */
    private final class Guest implements AutoCloseable {
        private final ByteArrayOutputStream said = new ByteArrayOutputStream();
        private final Machine machine;

        Guest(String name, Segment segment, String peer) throws Exception {
            Path disk = folder.resolve(name + ".qcow2");
            DiskImages.createOverlay(disk, image.disk(), DiskFormat.QCOW2);
            MacAddress address = MacAddress.forName(name);
            machine = new Machine(new MachineConfig(
                    name,
                    128,
                    1,
                    Accelerator.EMULATED,
                    new Boot.Kernel(
                            LinuxKernel.read(image.kernel()),
                            Initrd.read(folder.resolve("initrd")),
                            image.commandLine() + " peer=" + peer),
                    List.of(DiskImages.open(disk, Optional.of(DiskFormat.QCOW2), false)),
                    MachineConfig.CdDrive.NONE,
                    new DisplaySize(640, 480),
                    said::write,
                    List.of(new NetworkCard(address, segment.link(address, name)))));
            machine.start();
        }

        String said() {
            return said.toString(StandardCharsets.ISO_8859_1);
        }

        /** Whether it has said its last word. */
        private boolean over() {
            return said().contains("peer answers") || said().contains("peer is silent");
        }

        void awaitText(String text) {
            await("\"" + text + "\"")
                    .atMost(BOOT)
                    .pollInterval(Duration.ofMillis(100))
                    .until(() -> said().contains(text) || over());
            assertThat(said()).contains(text);
        }

        @Override
        public void close() throws InterruptedException {
            machine.stop();
        }
    }

    @Test
    void guestsOfOneSegmentReachEachOther() throws Exception {
        try (Guest first = new Guest("first", segment(1, false), "10.20.30.1")) {
            first.awaitText("peer answers");
            try (Guest second = new Guest("second", segment(1, false), "10.20.30.2")) {
                second.awaitText("address 10.20.30.3/24");
                second.awaitText("gateway answers");
                second.awaitText("peer answers");
                assertThat(second.said()).contains("10.20.30.2"); // by name, too
            }
        }
    }

    @Test
    void guestsOfDifferentVlansAndOfAnIsolatedSegmentDoNot() throws Exception {
        // Both get the same kind of address, so that nothing but the switch keeps them apart.
        try (Guest first = new Guest("first", segment(1, true), "10.20.30.1")) {
            first.awaitText("peer answers");
            try (Guest isolated = new Guest("isolated", segment(1, true), "10.20.30.2");
                    Guest elsewhere = new Guest("elsewhere", segment(2, false), "10.20.30.9")) {
                isolated.awaitText("gateway answers");
                isolated.awaitText("peer is silent");
                elsewhere.awaitText("gateway answers");
                elsewhere.awaitText("peer is silent");
            }
        }
    }
}
