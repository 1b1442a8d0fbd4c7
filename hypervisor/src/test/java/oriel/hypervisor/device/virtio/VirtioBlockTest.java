package oriel.hypervisor.device.virtio;

import static java.time.Duration.ofMillis;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.device.virtio.FakeDriver.Part;
import oriel.hypervisor.device.virtio.FakeDriver.Ring;
import oriel.hypervisor.disk.DiskException;

class VirtioBlockTest {
    private static final int SIZE = 1 << 20;
    private static final int OK = 0;
    private static final int IOERR = 1;
    private static final int UNSUPPORTED = 2;

    private final MemoryDisk disk = new MemoryDisk(SIZE, false);

    private static VirtioBlock synchronous(MemoryDisk disk) {
        return new VirtioBlock("virtio-blk.0", disk, "oriel-0123456789-too-long", Runnable::run, Runnable::run);
    }

    private static Part header(FakeDriver driver, int type, long sector) {
        byte[] header = new byte[16];
        LittleEndian.put32(header, 0, type);
        LittleEndian.put64(header, 8, sector);
        return new Part(driver.buffer(header), 16, false);
    }

    /** A request whose status byte is 0xEE until the device writes it. */
    private record Request(FakeDriver driver, int head, long status, long data) {
        int result() {
            return driver.bytes(status, 1)[0];
        }
    }

    private static Request send(FakeDriver driver, int type, long sector, byte[] out, int in) {
        List<Part> parts = new ArrayList<>();
        parts.add(header(driver, type, sector));
        if (out.length > 0) {
            parts.add(new Part(driver.buffer(out), out.length, false));
        }
        long data = driver.buffer(Math.max(in, 1));
        if (in > 0) {
            parts.add(new Part(data, in, true));
        }
        long status = driver.buffer(new byte[] {(byte) 0xEE});
        parts.add(new Part(status, 1, true));
        int head = driver.ring(0).add(parts.toArray(new Part[0]));
        driver.kick(0);
        return new Request(driver, head, status, data);
    }

    private static byte[] ranges(long... sectorCountFlags) {
        byte[] bytes = new byte[sectorCountFlags.length / 3 * 16];
        for (int i = 0; i < sectorCountFlags.length; i += 3) {
            LittleEndian.put64(bytes, i / 3 * 16, sectorCountFlags[i]);
            LittleEndian.put32(bytes, i / 3 * 16 + 8, (int) sectorCountFlags[i + 1]);
            LittleEndian.put32(bytes, i / 3 * 16 + 12, (int) sectorCountFlags[i + 2]);
        }
        return bytes;
    }

    @Test
    void configurationTellsWhatLinuxAsksFor() {
        try (TestMachine machine = new TestMachine(synchronous(disk))) {
            FakeDriver driver = new FakeDriver(machine);
            assertThat(driver.config(0, 4)).isEqualTo(0x1042_1AF4);
            assertThat(driver.deviceConfig(0, 8)).as("sectors").isEqualTo(SIZE / 512);
            assertThat(driver.deviceConfig(12, 4)).as("seg_max").isEqualTo(254);
            assertThat(driver.deviceConfig(20, 4)).as("blk_size").isEqualTo(512);
            assertThat(driver.offeredFeatures() & 0xFFFF)
                    .isEqualTo(1 << 1 | 1 << 2 | 1 << 6 | 1 << 9 | 1 << 13 | 1 << 14);
        }
        try (TestMachine machine = new TestMachine(synchronous(new MemoryDisk(SIZE, true)))) {
            assertThat(new FakeDriver(machine).offeredFeatures() & (1 << 5 | 1 << 13 | 1 << 14))
                    .isEqualTo(1 << 5);
        }
    }

    @Test
    void writesAndReadsBack() {
        try (TestMachine machine = new TestMachine(synchronous(disk))) {
            FakeDriver driver = new FakeDriver(machine).start();
            byte[] content = new byte[4096];
            new Random(3).nextBytes(content);
            Request write = send(driver, 1, 9, content, 0);
            assertThat(write.result()).isEqualTo(OK);
            assertThat(Arrays.copyOfRange(disk.bytes, 9 * 512, 9 * 512 + 4096)).isEqualTo(content);
            Request read = send(driver, 0, 10, new byte[0], 1024);
            assertThat(read.result()).isEqualTo(OK);
            assertThat(driver.bytes(read.data, 1024)).isEqualTo(Arrays.copyOfRange(content, 512, 1536));
            assertThat(driver.ring(0).takeUsed()).containsExactly(Map.entry(write.head, 1), Map.entry(read.head, 1025));
        }
    }

    @Test
    void flushDiscardAndZeroesReachTheImage() {
        try (TestMachine machine = new TestMachine(synchronous(disk))) {
            FakeDriver driver = new FakeDriver(machine).start();
            Arrays.fill(disk.bytes, (byte) 1);
            assertThat(send(driver, 4, 0, new byte[0], 0).result()).isEqualTo(OK);
            assertThat(send(driver, 11, 0, ranges(8, 16, 0, 100, 1, 0), 0).result())
                    .isEqualTo(OK);
            assertThat(send(driver, 13, 0, ranges(2, 3, 1), 0).result()).isEqualTo(OK);
            assertThat(disk.log).containsExactly("flush", "discard 4096+8192", "discard 51200+512", "zero 1024+1536");
            assertThat(disk.bytes[1023]).isEqualTo((byte) 1);
            assertThat(disk.bytes[1024]).isZero();
        }
    }

    @Test
    void theSerialNumberIsTwentyBytes() {
        try (TestMachine machine = new TestMachine(synchronous(disk))) {
            FakeDriver driver = new FakeDriver(machine).start();
            Request id = send(driver, 8, 0, new byte[0], 20);
            assertThat(id.result()).isEqualTo(OK);
            assertThat(new String(driver.bytes(id.data, 20), StandardCharsets.US_ASCII))
                    .isEqualTo("oriel-0123456789-too");
        }
    }

    @Test
    void requestsOutsideTheDiskFailAndNeverReachIt() {
        try (TestMachine machine = new TestMachine(synchronous(disk))) {
            FakeDriver driver = new FakeDriver(machine).start();
            long sectors = SIZE / 512;
            for (long sector : new long[] {sectors, sectors - 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 55}) {
                assertThat(send(driver, 0, sector, new byte[0], 1024).result()).isEqualTo(IOERR);
                assertThat(send(driver, 1, sector, new byte[1024], 0).result()).isEqualTo(IOERR);
                assertThat(send(driver, 13, 0, ranges(sector, 2, 0), 0).result())
                        .isEqualTo(IOERR);
                driver.ring(0).takeUsed();
            }
            assertThat(send(driver, 0, 0, new byte[0], 100).result())
                    .as("no whole sectors")
                    .isEqualTo(IOERR);
            assertThat(send(driver, 13, 0, ranges(0, -1, 0), 0).result()).isEqualTo(IOERR);
            assertThat(send(driver, 13, 0, ranges(0, 1, 2), 0).result()).isEqualTo(UNSUPPORTED);
            assertThat(send(driver, 11, 0, ranges(0, 1, 1), 0).result()).isEqualTo(UNSUPPORTED);
            assertThat(send(driver, 11, 0, new byte[15], 0).result()).isEqualTo(IOERR);
            assertThat(send(driver, 99, 0, new byte[0], 0).result()).isEqualTo(UNSUPPORTED);
            assertThat(disk.log).isEmpty();
            assertThat(driver.needsReset()).isFalse();
        }
    }

    @Test
    void aReadOnlyDiskRefusesEveryChange() {
        MemoryDisk readOnly = new MemoryDisk(SIZE, true);
        try (TestMachine machine = new TestMachine(synchronous(readOnly))) {
            FakeDriver driver = new FakeDriver(machine).start();
            assertThat(send(driver, 1, 0, new byte[512], 0).result()).isEqualTo(IOERR);
            assertThat(send(driver, 11, 0, ranges(0, 1, 0), 0).result()).isEqualTo(IOERR);
            assertThat(send(driver, 13, 0, ranges(0, 1, 0), 0).result()).isEqualTo(IOERR);
            assertThat(send(driver, 0, 0, new byte[0], 512).result()).isEqualTo(OK);
            assertThat(readOnly.log).containsExactly("read 0+512");
        }
    }

    @Test
    void hostErrorsAreErrorsOfTheRequestOnly() {
        try (TestMachine machine = new TestMachine(synchronous(disk))) {
            FakeDriver driver = new FakeDriver(machine).start();
            disk.failure = DiskException.full("no space left for disk.qcow2", null);
            assertThat(send(driver, 1, 0, new byte[512], 0).result()).isEqualTo(IOERR);
            assertThat(send(driver, 4, 0, new byte[0], 0).result()).isEqualTo(IOERR);
            disk.failure = null;
            assertThat(send(driver, 1, 0, new byte[512], 0).result()).isEqualTo(OK);
            assertThat(driver.needsReset()).isFalse();
        }
    }

    @Test
    void aRequestWithoutHeaderOrStatusBreaksTheDevice() {
        try (TestMachine machine = new TestMachine(synchronous(disk))) {
            FakeDriver driver = new FakeDriver(machine).start();
            driver.ring(0).add(new Part(driver.buffer(16), 16, false));
            driver.kick(0);
            assertThat(driver.needsReset()).isTrue();
            driver.start();
            driver.ring(0).add(new Part(driver.buffer(15), 15, false), new Part(driver.buffer(1), 1, true));
            driver.kick(0);
            assertThat(driver.needsReset()).isTrue();
        }
    }

    @Test
    void hugeRequestsAreRefusedWithoutABuffer() {
        try (TestMachine machine = new TestMachine(synchronous(new MemoryDisk(64 << 20, false)))) {
            FakeDriver driver = new FakeDriver(machine).start();
            long status = driver.buffer(new byte[] {(byte) 0xEE});
            Part big = new Part(0, 1 << 24, true);
            driver.ring(0).add(header(driver, 0, 0), big, big, big, new Part(status, 1, true));
            driver.kick(0);
            assertThat(driver.bytes(status, 1)[0]).isEqualTo((byte) IOERR);
        }
    }

    @Test
    void requestsRunOffTheMachinesThreadAndCompleteOnIt() {
        TestMachine.Tasks io = new TestMachine.Tasks();
        TestMachine.Tasks tasks = new TestMachine.Tasks();
        try (TestMachine machine = new TestMachine(new VirtioBlock("virtio-blk.0", disk, "", io, tasks))) {
            FakeDriver driver = new FakeDriver(machine).start();
            Request first = send(driver, 1, 0, new byte[512], 0);
            Request second = send(driver, 0, 0, new byte[0], 512);
            assertThat(disk.log).isEmpty();
            io.runAll();
            assertThat(disk.log).hasSize(2);
            assertThat(driver.ring(0).takeUsed()).isEmpty();
            assertThat(tasks.runAll()).as("one task for both").isEqualTo(1);
            assertThat(driver.ring(0).takeUsed()).containsOnlyKeys(first.head, second.head);
            assertThat(machine.line).isTrue();
        }
    }

    @Test
    void aFlushComesAfterTheWritesThatCompletedBeforeIt() {
        TestMachine.Tasks io = new TestMachine.Tasks();
        TestMachine.Tasks tasks = new TestMachine.Tasks();
        try (TestMachine machine = new TestMachine(new VirtioBlock("virtio-blk.0", disk, "", io, tasks))) {
            FakeDriver driver = new FakeDriver(machine).start();
            Request write = send(driver, 1, 0, new byte[512], 0);
            io.runAll();
            tasks.runAll();
            assertThat(write.result()).isEqualTo(OK);
            send(driver, 4, 0, new byte[0], 0);
            io.runAll();
            assertThat(disk.log).containsExactly("write 0+512", "flush");
        }
    }

    @Test
    void resetWaitsForTheWorkerAndForgetsItsAnswers() throws Exception {
        TestMachine.Tasks tasks = new TestMachine.Tasks();
        try (ExecutorService io = Executors.newFixedThreadPool(2);
                TestMachine machine = new TestMachine(new VirtioBlock("virtio-blk.0", disk, "", io, tasks))) {
            FakeDriver driver = new FakeDriver(machine).start();
            Request old = send(driver, 0, 0, new byte[0], 512);
            driver.setCommon(20, 1, 0);
            assertThat(disk.log).hasSize(1);
            driver.start();
            tasks.runAll();
            assertThat(old.result()).isEqualTo((byte) 0xEE);
            assertThat(driver.ring(0).takeUsed()).isEmpty();
            Request fresh = send(driver, 0, 0, new byte[0], 512);
            await().pollInterval(ofMillis(1)).until(() -> tasks.runAll() > 0);
            assertThat(fresh.result()).isEqualTo(OK);
        }
    }

    @Test
    void aSnapshotWaitsForRequestsAndResumes() {
        TestMachine.Tasks tasks = new TestMachine.Tasks();
        try (ExecutorService io = Executors.newFixedThreadPool(2);
                TestMachine machine = new TestMachine(new VirtioBlock("virtio-blk.0", disk, "abc", io, tasks))) {
            FakeDriver driver = new FakeDriver(machine).start();
            Request before = send(driver, 0, 0, new byte[0], 512);
            StateWriter out = new StateWriter();
            machine.function.save(out);
            assertThat(before.result()).isEqualTo(OK);
            Ring ring = driver.ring(0);
            ring.takeUsed();
            machine.function.reset();
            machine.function.load(new StateReader("virtio-blk.0", out.toByteArray()));
            Request after = send(driver, 0, 1, new byte[0], 512);
            await().pollInterval(ofMillis(1)).until(() -> {
                tasks.runAll();
                return ring.takeUsed().containsKey(after.head);
            });
            assertThat(after.result()).isEqualTo(OK);
        }
    }

    @Test
    void manyConcurrentRequestsEachGetTheirOwnData() {
        TestMachine.Tasks tasks = new TestMachine.Tasks();
        new Random(5).nextBytes(disk.bytes);
        try (ExecutorService io = Executors.newFixedThreadPool(4);
                TestMachine machine = new TestMachine(new VirtioBlock("virtio-blk.0", disk, "", io, tasks))) {
            FakeDriver driver = new FakeDriver(machine).start();
            Random random = new Random(6);
            for (int round = 0; round < 8; round++) {
                List<Request> requests = new ArrayList<>();
                List<Integer> sectors = new ArrayList<>();
                for (int i = 0; i < 64; i++) {
                    sectors.add(random.nextInt(SIZE / 512 - 4));
                    requests.add(send(driver, 0, sectors.getLast(), new byte[0], 2048));
                }
                await().pollInterval(ofMillis(1)).until(() -> {
                    tasks.runAll();
                    return requests.stream().allMatch(request -> request.result() == OK);
                });
                for (int i = 0; i < 64; i++) {
                    int at = sectors.get(i) * 512;
                    assertThat(driver.bytes(requests.get(i).data, 2048))
                            .isEqualTo(Arrays.copyOfRange(disk.bytes, at, at + 2048));
                }
            }
        }
    }
}
