package oriel.it.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import oriel.hypervisor.disk.DiskFormat;
import oriel.hypervisor.disk.DiskImage;
import oriel.hypervisor.disk.DiskImages;
import oriel.hypervisor.machine.Equipment;
import oriel.hypervisor.machine.Machine;
import oriel.hypervisor.machine.MachineEnd;
import oriel.hypervisor.machine.MachineListener;
import oriel.hypervisor.machine.MemoryBalloon;
import oriel.hypervisor.sound.PcmFormat;
import oriel.hypervisor.sound.PcmListener;
import oriel.it.guest.DesktopGuest;

/** Devices as the stock Debian in the golden image drives them: one boot, each device in a test of its own. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class DesktopDevicesTest {
    private static final Duration LIMIT = Duration.ofMinutes(1);
    private static final int RATE = 48_000;

    private Path folder;
    private DesktopGuest guest;

    @BeforeAll
    void boot(@TempDir Path temporary) throws Exception {
        folder = temporary;
        guest = DesktopGuest.boot(folder, machine -> machine.with(new Equipment(true, Equipment.Graphics.VGA)));
    }

    @AfterAll
    void stop() throws InterruptedException {
        if (guest != null) {
            guest.close();
        }
    }

    /** Keeps everything that is played. */
    private static final class Recorder implements PcmListener {
        private final ByteArrayOutputStream heard = new ByteArrayOutputStream();
        private final AtomicInteger plays = new AtomicInteger();

        @Override
        public void opened(PcmFormat format) {
            assertThat(format).isEqualTo(new PcmFormat(RATE, 2));
        }

        @Override
        public synchronized void samples(ByteBuffer samples, long frame) {
            byte[] bytes = new byte[samples.remaining()];
            samples.get(bytes);
            heard.writeBytes(bytes);
        }

        @Override
        public void closed() {
            plays.incrementAndGet();
        }

        synchronized byte[] heard() {
            return heard.toByteArray();
        }
    }

    private Recorder play(String command) throws Exception {
        guest.runUntilItSucceeds("amixer sget Master | grep -q '\\[on\\]'");
        Recorder recorder = new Recorder();
        guest.machine().display().sound().addListener(recorder);
        guest.run(command);
        await("the end of " + command).atMost(LIMIT).until(() -> recorder.plays.get() > 0);
        guest.machine().sound().removeListener(recorder);
        return recorder;
    }

    @Test
    void everySampleOfAProgramReachesTheListener() throws Exception {
        // Without ALSA's mixer, and all of it in the card's buffer before it starts: nothing depends on the guest's
        // speed.
        Recorder recorder = play("""
                i=0; while [ $i -lt 6000 ]; do printf '%08d' $i; i=$((i+1)); done >/tmp/samples
                aplay -q -D hw:0 --buffer-time=500000 -t raw -f S16_LE -r 48000 -c 2 /tmp/samples
                """);
        StringBuilder expected = new StringBuilder();
        for (int i = 0; i < 6000; i++) {
            expected.append("%08d".formatted(i));
        }
        assertThat(new String(recorder.heard(), java.nio.charset.StandardCharsets.ISO_8859_1))
                .contains(expected.toString());
    }

    @Test
    void aToneIsTheSameToneOutside() throws Exception {
        // As the person at the desktop, by ALSA's default device, which mixes.
        Recorder recorder = play(
                "setpriv --reuid 1000 --regid 1000 --init-groups speaker-test -t sine -f 440 -c 2 -l 1 -s 1 >/dev/null");
        double tone = power(recorder.heard(), 440);
        assertThat(tone).as("440 Hz in the left channel").isGreaterThan(100 * power(recorder.heard(), 554));
        assertThat(tone).isGreaterThan(100 * power(recorder.heard(), 330));
    }

    @Test
    void linuxTakesTheTimeFromTheHpet() throws Exception {
        assertThat(guest.run("cat /sys/devices/system/clocksource/clocksource0/available_clocksource"))
                .contains("hpet");
        guest.run("echo hpet >/sys/devices/system/clocksource/clocksource0/current_clocksource");
        assertThat(guest.run("cat /sys/devices/system/clocksource/clocksource0/current_clocksource")
                        .strip())
                .isEqualTo("hpet");
        guest.run("busybox usleep 200000");
        guest.run("echo tsc >/sys/devices/system/clocksource/clocksource0/current_clocksource");
    }

    private DiskImage disc(String name, byte content, int sectors) throws Exception {
        byte[] bytes = new byte[2048 * sectors];
        Arrays.fill(bytes, content);
        Path file = Files.write(folder.resolve(name), bytes);
        return DiskImages.open(file, Optional.of(DiskFormat.RAW), true);
    }

    private void expectDisc(String content, int sectors) throws Exception {
        guest.runUntilItSucceeds("[ \"$(head -c 8 /dev/sr0)\" = " + content.repeat(8) + " ]");
        assertThat(guest.run("cat /sys/block/sr0/size").strip()).isEqualTo(String.valueOf(4 * sectors));
    }

    @Test
    void discsChangeUnderARunningGuest() throws Exception {
        guest.runUntilItSucceeds("[ -b /dev/sr0 ]");
        assertThat(guest.tryRun("head -c 8 /dev/sr0", "").exitCode())
                .as("no disc")
                .isNotZero();
        Machine machine = guest.machine();
        machine.insertDisc(disc("a.iso", (byte) 'a', 300)).get(60, TimeUnit.SECONDS);
        expectDisc("a", 300);
        machine.insertDisc(disc("b.iso", (byte) 'b', 5000)).get(60, TimeUnit.SECONDS);
        expectDisc("b", 5000);

        // While a program has the disc open, the guest locks the tray.
        guest.run("(exec 3</dev/sr0; exec sleep 1000) >/dev/null 2>&1 & echo $! >/tmp/reader");
        guest.runUntilItSucceeds("ls -l /proc/$(cat /tmp/reader)/fd | grep -q sr0");
        assertThat(machine.ejectDisc(false).get(60, TimeUnit.SECONDS))
                .as("locked")
                .isFalse();
        guest.run("kill $(cat /tmp/reader)");
        await("the tray is free")
                .atMost(LIMIT)
                .until(() -> machine.ejectDisc(false).get(60, TimeUnit.SECONDS));
        assertThat(guest.tryRun("head -c 8 /dev/sr0", "").exitCode())
                .as("no disc")
                .isNotZero();

        machine.insertDisc(disc("c.iso", (byte) 'c', 10)).get(60, TimeUnit.SECONDS);
        expectDisc("c", 10);
    }

    private long meminfo(String key) throws Exception {
        return 1024
                * Long.parseLong(guest.run("awk '/^" + key + ":/ { print $2 }' /proc/meminfo")
                        .strip());
    }

    @Test
    void theGuestTellsOfItsMemoryAndGivesSomeBack() throws Exception {
        MemoryBalloon balloon = guest.machine().balloon();
        long total = meminfo("MemTotal");
        MemoryBalloon.Usage usage = await("statistics")
                .atMost(LIMIT)
                .until(balloon::usage, Optional::isPresent)
                .orElseThrow();
        assertThat(usage.total()).isEqualTo(total);
        assertThat(usage.free()).isBetween(1L << 20, total);
        assertThat(usage.available()).isBetween(usage.free() / 2, total);

        // What a program leaves behind goes to the host without being asked for: free page reporting.
        long before = guest.machine().privateMemory();
        guest.run("head -c 100000000 /dev/zero | tr '\\0' x >/dev/shm/ballast");
        long filled = guest.machine().privateMemory();
        assertThat(filled).isGreaterThan(before + 80_000_000);
        guest.run("rm /dev/shm/ballast");
        await("free pages are reported")
                .atMost(LIMIT)
                .until(() -> guest.machine().privateMemory() < filled - 60_000_000);

        balloon.target(64 << 20);
        await("the balloon is filled").atMost(LIMIT).until(() -> balloon.ballooned() == 64 << 20);
        balloon.target(0);
        await("the balloon is empty").atMost(LIMIT).until(() -> balloon.ballooned() == 0);
    }

    /** The last: the guest is gone then. */
    @Test
    @Order(Integer.MAX_VALUE)
    void theWatchdogResetsAGuestThatForgetsIt() throws Exception {
        AtomicInteger resets = new AtomicInteger();
        guest.machine().addListener(new MachineListener() {
            @Override
            public void reset() {
                resets.incrementAndGet();
            }

            @Override
            public void ended(MachineEnd end) {}
        });
        guest.run("modprobe i6300esb heartbeat=4");
        guest.run("(exec 3>/dev/watchdog; for i in 1 2 3 4 5 6; do echo >&3; sleep 2; done; echo forgotten >/dev/ttyS0;"
                + " sleep 1000) >/dev/null 2>&1 &");
        await("the guest forgets it").atMost(LIMIT).until(() -> guest.console().contains("forgotten"));
        assertThat(resets).as("while it is fed, for three times its time").hasValue(0);
        await("the watchdog").atMost(LIMIT).until(() -> resets.get() == 1);
    }

    /** Goertzel's filter over the left channel: the power at one frequency. */
    private static double power(byte[] pcm, double frequency) {
        double coefficient = 2 * Math.cos(2 * Math.PI * frequency / RATE);
        double before = 0, beforeThat = 0;
        ByteBuffer samples = ByteBuffer.wrap(pcm).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at + 4 <= pcm.length; at += 4) {
            double now = samples.getShort(at) + coefficient * before - beforeThat;
            beforeThat = before;
            before = now;
        }
        return before * before + beforeThat * beforeThat - coefficient * before * beforeThat;
    }
}
