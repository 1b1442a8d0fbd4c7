package oriel.hypervisor.monitor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
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
import oriel.hypervisor.machine.GuestPrograms;
import oriel.hypervisor.machine.Machine;
import oriel.hypervisor.machine.MachineConfig;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class MonitorTest {
    @TempDir
    private Path folder;

    private final AtomicInteger counted = new AtomicInteger();
    private final AtomicReference<Path> snapshot = new AtomicReference<>();
    private Machine machine;
    private MonitorServer server;
    private SocketChannel channel;
    private BufferedReader in;
    private Writer out;

    @BeforeEach
    void connect() throws IOException {
        Path disk = folder.resolve("disk.qcow2");
        DiskImages.createQcow2(disk, 1 << 20);
        machine = new Machine(new MachineConfig(
                "test",
                32,
                1,
                Accelerator.EMULATED,
                new Boot.Kernel(LinuxKernel.read(GuestPrograms.count(folder.resolve("kernel"))), Initrd.none(), ""),
                List.of(DiskImages.open(disk, Optional.of(DiskFormat.QCOW2), false)),
                new MachineConfig.CdDrive(true, Optional.empty()),
                new DisplaySize(320, 200),
                _ -> counted.incrementAndGet()));
        machine.start();
        Path socket = folder.resolve("monitor");
        server = new MonitorServer(socket, new MonitorCommands(machine, snapshot::set));
        channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
        in = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
        out = Channels.newWriter(channel, StandardCharsets.UTF_8);
        assertThat(in.readLine()).contains("QMP");
    }

    @AfterEach
    void close() throws Exception {
        channel.close();
        server.close();
        machine.stop();
        assertThat(folder.resolve("monitor")).doesNotExist();
    }

    private String ask(String request) throws IOException {
        out.write(request + "\n");
        out.flush();
        return String.valueOf(in.readLine());
    }

    @Test
    void stopsAndContinuesTheGuest() throws Exception {
        assertThat(ask("{\"execute\":\"query-status\"}")).contains("\"running\"");
        await().until(() -> counted.get() > 100);
        assertThat(ask("{\"execute\":\"stop\",\"id\":7}")).contains("return").contains("7");
        int before = counted.get();
        assertThat(ask("{\"execute\":\"query-status\"}")).contains("paused");
        assertThat(counted.get()).isEqualTo(before);
        ask("{\"execute\":\"cont\"}");
        await().until(() -> counted.get() > before);
    }

    @Test
    void takesPicturesAndSnapshots() throws Exception {
        Path picture = folder.resolve("picture.png");
        assertThat(ask("{\"execute\":\"screendump\",\"arguments\":{\"filename\":\"" + picture + "\"}}"))
                .contains("return");
        assertThat(Files.size(picture)).isPositive();
        assertThat(ask("{\"execute\":\"snapshot\",\"arguments\":{\"path\":\"" + folder.resolve("s") + "\"}}"))
                .contains("return");
        assertThat(snapshot.get()).isEqualTo(folder.resolve("s"));
        assertThat(ask("{\"execute\":\"query-stats\"}")).contains("private-memory-bytes");
    }

    @Test
    void discsComeAndGo() throws Exception {
        Path disc = Files.write(folder.resolve("disc.iso"), new byte[64 << 10]);
        String insert = "{\"execute\":\"blockdev-change-medium\",\"arguments\":{\"filename\":\"" + disc + "\"}}";
        assertThat(ask(insert)).contains("return");
        assertThat(ask("{\"execute\":\"eject\"}")).contains("return");
        assertThat(ask("{\"execute\":\"eject\",\"arguments\":{\"force\":true}}"))
                .as("an empty drive")
                .contains("return");
        assertThat(ask(insert.replace("disc.iso", "none.iso"))).contains("does not exist");
    }

    @Test
    void diskGrowsAndDevicesCount() throws Exception {
        String grow = "{\"execute\":\"block_resize\",\"arguments\":{\"device\":\"disk.0\",\"size\":%d}}";
        assertThat(ask(grow.formatted(2 << 20))).contains("return");
        assertThat(ask("{\"execute\":\"query-devices\"}")).contains("disk.0").contains("\"size\":" + (2 << 20));
        assertThat(ask(grow.formatted(1 << 20))).contains("shrink");
        assertThat(ask(grow.formatted(2 << 20).replace("disk.0", "disk.1"))).contains("no disk 1");
        assertThat(ask(grow.formatted(2 << 20).replace("disk.0", "sda"))).contains("there is no disk sda");
    }

    @Test
    void balloonIsAskedAndTellsWhatItHas() throws Exception {
        assertThat(ask("{\"execute\":\"balloon\",\"arguments\":{\"value\":16777216}}"))
                .contains("return");
        assertThat(ask("{\"execute\":\"query-balloon\"}"))
                .as("a guest without a driver")
                .contains("\"actual\":" + (32 << 20));
        assertThat(ask("{\"execute\":\"balloon\",\"arguments\":{\"value\":\"much\"}}"))
                .contains("no number");
    }

    @Test
    void answersWhatMakesNoSense() throws Exception {
        assertThat(ask("nonsense")).contains("error");
        assertThat(ask("[]")).contains("error");
        assertThat(ask("{}")).contains("execute");
        assertThat(ask("{\"execute\":\"explode\"}")).contains("CommandNotFound");
        assertThat(ask("{\"execute\":\"screendump\"}")).contains("filename");
        assertThat(ask("{\"execute\":\"send-key\",\"arguments\":{\"keys\":[\"any\"]}}"))
                .contains("no key any");
        assertThat(ask("{\"execute\":\"send-key\",\"arguments\":{\"keys\":[{\"type\":\"qcode\",\"data\":\"ctrl\"},"
                        + "\"c\"],\"hold-time\":1}}"))
                .contains("return");
    }

    @Test
    void quitEndsTheMachine() throws Exception {
        assertThat(ask("{\"execute\":\"quit\"}")).contains("return");
        assertThat(ask("{\"execute\":\"stop\"}")).contains("error");
    }
}
