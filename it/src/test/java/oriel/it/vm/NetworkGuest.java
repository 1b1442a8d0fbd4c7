package oriel.it.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.awaitility.Awaitility;
import oriel.hypervisor.disk.DiskFormat;
import oriel.hypervisor.disk.DiskImages;
import oriel.hypervisor.display.DisplaySize;
import oriel.hypervisor.firmware.Boot;
import oriel.hypervisor.firmware.Initrd;
import oriel.hypervisor.firmware.LinuxKernel;
import oriel.hypervisor.machine.Accelerator;
import oriel.hypervisor.machine.Machine;
import oriel.hypervisor.machine.MachineConfig;
import oriel.hypervisor.network.NetworkCard;
import oriel.it.guest.GoldenImage;

/** A stock Linux guest that takes an address by DHCP, tries a network with busybox, and tells what answers. */
final class NetworkGuest implements AutoCloseable {
    private static final Duration BOOT = Duration.ofMinutes(8);

    /** Takes the golden disk's drivers and DHCP client; busybox then works on that disk. */
    private static final String SCRIPT = """
            for module in crc16 crc32c_generic libcrc32c mbcache jbd2 ext4; do /bin/busybox insmod /lib/$module.ko; done
            until [ -b /dev/vda ]; do /bin/busybox usleep 50000; done
            /bin/busybox mount -t ext4 /dev/vda /root
            for module in core/failover.ko net_failover.ko virtio_net.ko; do
              /bin/busybox insmod $(/bin/busybox find /root/lib/modules -path "*$module")
            done
            /bin/busybox mount -t proc none /root/proc
            /bin/busybox ip link set eth0 up
            for applet in udhcpc ip ping nslookup; do
              eval "$applet() { /bin/busybox chroot /root /bin/busybox $applet "'"$@"; }'
            done
            page() {
              /bin/busybox chroot /root /bin/bash -c "exec 3<>/dev/tcp/$1/80 && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && cat <&3"
            }
            udhcpc -q -n -t 10 -i eth0 -s /usr/lib/oriel/network-lease
            echo "address $(ip -4 addr show eth0 | /bin/busybox awk '/inet/ { print $2 }')"
            """;

    private static final String END = "while :; do /bin/busybox sleep 1000; done\n";

    private final ByteArrayOutputStream said = new ByteArrayOutputStream();
    private final Machine machine;

    /** Once for all guests that do the same. */
    static void prepare(GoldenImage image, Path folder, String script) throws IOException, InterruptedException {
        SmallInitrd.write(image.initrd(), SCRIPT + script + END, folder.resolve("initrd"));
    }

    NetworkGuest(GoldenImage image, Path folder, String name, String argument, NetworkCard card) throws IOException {
        Path disk = folder.resolve(name + ".qcow2");
        DiskImages.createOverlay(disk, image.disk(), DiskFormat.QCOW2);
        machine = new Machine(new MachineConfig(
                name,
                128,
                1,
                Accelerator.EMULATED,
                new Boot.Kernel(
                        LinuxKernel.read(image.kernel()),
                        Initrd.read(folder.resolve("initrd")),
                        image.commandLine() + " " + argument),
                List.of(DiskImages.open(disk, Optional.of(DiskFormat.QCOW2), false)),
                MachineConfig.CdDrive.NONE,
                new DisplaySize(640, 480),
                said::write,
                List.of(card)));
        machine.start();
    }

    String said() {
        return said.toString(StandardCharsets.ISO_8859_1);
    }

    /** Waits for a text, or for the one with which the guest gives up. */
    void await(String text, String lastWord) {
        Awaitility.await("\"" + text + "\"")
                .atMost(BOOT)
                .pollInterval(Duration.ofMillis(100))
                .until(() -> said().contains(text) || said().contains(lastWord));
        assertThat(said()).contains(text);
    }

    @Override
    public void close() throws InterruptedException {
        machine.stop();
    }
}
