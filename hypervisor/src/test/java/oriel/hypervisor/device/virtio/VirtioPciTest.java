package oriel.hypervisor.device.virtio;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.device.virtio.FakeDriver.Part;
import oriel.hypervisor.device.virtio.FakeDriver.Ring;

/** Transport and split queues, as a driver meets them. */
class VirtioPciTest {
    private static final long EVENT_IDX = 1L << 29;
    private static final long INDIRECT = 1L << 28;

    private final EchoDevice device = new EchoDevice();
    private TestMachine machine;
    private FakeDriver driver;

    @BeforeEach
    void plugIn() {
        machine = new TestMachine(device);
        driver = new FakeDriver(machine);
    }

    @AfterEach
    void unplug() {
        machine.close();
    }

    private void useMsix(int queues) {
        int capability = driver.config(0x34, 1);
        long table = driver.config(0x14, 4) & 0xFFFF_FFFFL;
        for (int vector = 0; vector <= queues; vector++) {
            machine.io.writeMmio(table + 16L * vector, 8, 0xFEE0_0000L);
            machine.io.writeMmio(table + 16L * vector + 8, 8, 0x40 + vector);
        }
        driver.setConfig(capability + 2, 2, 0x8000);
    }

    private int echo(Ring ring, String text) {
        long in = driver.buffer(text.getBytes(US_ASCII));
        long out = driver.buffer(text.length());
        return ring.add(new Part(in, text.length(), false), new Part(out, text.length(), true));
    }

    @Test
    void aDriverFindsAModernDevice() {
        assertThat(driver.config(0, 4)).isEqualTo(0x1044_1AF4);
        assertThat(driver.config(8, 1)).as("revision of a modern device").isEqualTo(1);
        assertThat(driver.common(18, 2)).isEqualTo(2);
        assertThat(driver.offeredFeatures()).isEqualTo(1L << 32 | EVENT_IDX | INDIRECT | 1);
        assertThat(driver.deviceConfig(0, 4)).isEqualTo(0x1234_5678);
        assertThat(driver.deviceConfig(2, 1)).isEqualTo(0x34);
        assertThat(driver.deviceConfig(100, 4)).isZero();
    }

    @Test
    void featuresWithoutVersion1AreRefused() {
        driver.negotiate(driver.offeredFeatures() & ~(1L << 32));
        assertThat(driver.status() & 8).isZero();
        driver.setCommon(20, 1, 15);
        assertThat(driver.status() & 4).as("DRIVER_OK without FEATURES_OK").isZero();
    }

    @Test
    void featuresThatWereNotOfferedAreRefused() {
        driver.negotiate(driver.offeredFeatures() | 1L << 40);
        assertThat(driver.status() & 8).isZero();
    }

    @Test
    void featuresAreFinalOnceAccepted() {
        driver.negotiate(driver.offeredFeatures() & ~EVENT_IDX);
        driver.setCommon(8, 4, 0);
        driver.setCommon(12, 4, EVENT_IDX);
        assertThat(machine.function.negotiated(29)).isFalse();
    }

    @Test
    void requestsAreServedByMessageInterrupt() {
        driver.start();
        useMsix(2);
        int head = echo(driver.ring(1), "hello");
        driver.kick(1);
        assertThat(driver.ring(1).takeUsed()).containsExactly(Map.entry(head, 5));
        assertThat(machine.messages).containsExactly(0x42);
        assertThat(machine.line).isFalse();
    }

    @Test
    void withoutMsixTheInterruptStatusTellsAndClears() {
        driver.start();
        echo(driver.ring(0), "x");
        driver.kick(0);
        assertThat(machine.line).isTrue();
        assertThat(driver.isr()).isEqualTo(1);
        assertThat(machine.line).isFalse();
        assertThat(driver.isr()).isZero();
        device.configIsNow(7);
        assertThat(driver.isr()).isEqualTo(2);
    }

    @Test
    void aVectorThatDoesNotExistReadsBackAsNone() {
        driver.setCommon(16, 2, 3);
        assertThat(driver.common(16, 2)).isEqualTo(0xFFFF);
        driver.setCommon(16, 2, 2);
        assertThat(driver.common(16, 2)).isEqualTo(2);
    }

    @Test
    void dataComesThroughScatteredBuffers() {
        driver.start();
        Ring ring = driver.ring(0);
        byte[] content = new byte[300];
        new Random(1).nextBytes(content);
        long in = driver.buffer(content);
        long out1 = driver.buffer(100);
        long out2 = driver.buffer(250);
        int head = ring.addIndirect(
                new Part(in, 13, false),
                new Part(in + 13, 0, false),
                new Part(in + 13, 287, false),
                new Part(out1, 100, true),
                new Part(out2, 250, true));
        driver.kick(0);
        assertThat(ring.takeUsed()).containsExactly(Map.entry(head, 300));
        assertThat(driver.bytes(out1, 100)).isEqualTo(java.util.Arrays.copyOf(content, 100));
        assertThat(driver.bytes(out2, 200)).isEqualTo(java.util.Arrays.copyOfRange(content, 100, 300));
    }

    @Test
    void indexesWrapForMoreRequestsThan16BitsCount() {
        driver.start();
        Ring ring = driver.ring(0);
        long in = driver.buffer(new byte[] {1});
        for (int i = 0; i < 70_000; i++) {
            int head = ring.add(new Part(in, 1, false));
            driver.kick(0);
            assertThat(ring.takeUsed()).containsKey(head);
        }
        assertThat(driver.needsReset()).isFalse();
    }

    @Test
    void withEventIndexesTheDriverSaysWhenItWantsAnInterrupt() {
        driver.start();
        useMsix(2);
        Ring ring = driver.ring(0);
        ring.setUsedEvent(1); // after the second
        echo(ring, "a");
        driver.kick(0);
        assertThat(machine.messages).isEmpty();
        assertThat(ring.availEvent()).isEqualTo(1);
        echo(ring, "b");
        echo(ring, "c");
        driver.kick(0);
        assertThat(machine.messages).hasSize(1);
        assertThat(ring.availEvent()).isEqualTo(3);
    }

    @Test
    void withoutEventIndexesTheFlagSuppressesInterrupts() {
        driver.start(EVENT_IDX);
        useMsix(2);
        Ring ring = driver.ring(0);
        machine.memory.write(ring.avail, 2, 1);
        echo(ring, "a");
        driver.kick(0);
        assertThat(machine.messages).isEmpty();
        machine.memory.write(ring.avail, 2, 0);
        echo(ring, "b");
        driver.kick(0);
        assertThat(machine.messages).hasSize(1);
    }

    @Test
    void whatWasOfferedBeforeTheDriverWasReadyIsServedThen() {
        driver.negotiate(driver.offeredFeatures());
        Ring ring = driver.enable(0, 0);
        int head = echo(ring, "early");
        driver.kick(0);
        assertThat(ring.takeUsed()).isEmpty();
        driver.setCommon(20, 1, 15);
        assertThat(ring.takeUsed()).containsKey(head);
    }

    @Test
    void nothingIsTouchedWhileTheFunctionMayNotMasterTheBus() {
        driver.start();
        driver.setConfig(4, 2, 3);
        Ring ring = driver.ring(0);
        int head = echo(ring, "x");
        driver.kick(0);
        assertThat(ring.takeUsed()).isEmpty();
        driver.setConfig(4, 2, 7);
        assertThat(ring.takeUsed()).containsKey(head);
    }

    @Test
    void resetForgetsQueuesAndFeatures() {
        driver.start();
        driver.setCommon(20, 1, 0);
        assertThat(driver.status()).isZero();
        assertThat(device.resets).isPositive();
        driver.setCommon(22, 2, 0);
        assertThat(driver.common(28, 2)).isZero();
        assertThat(driver.common(24, 2)).isEqualTo(16);
        driver.start();
        int head = echo(driver.ring(0), "again");
        driver.kick(0);
        assertThat(driver.ring(0).takeUsed()).containsKey(head);
    }

    @Test
    void aSmallerQueueWorks() {
        driver.negotiate(driver.offeredFeatures());
        Ring ring = driver.enable(0, 4);
        driver.setCommon(20, 1, 15);
        for (int i = 0; i < 20; i++) {
            int head = echo(ring, "n" + i);
            driver.kick(0);
            assertThat(ring.takeUsed()).containsKey(head);
        }
    }

    @Test
    void configurationCanBeReachedThroughConfigurationSpace() {
        int capability = driver.config(0x34, 1);
        while (driver.config(capability, 1) != 9 || driver.config(capability + 3, 1) != 5) {
            capability = driver.config(capability + 1, 1);
        }
        driver.setConfig(capability + 4, 1, 0);
        driver.setConfig(capability + 8, 4, VirtioPci.COMMON + 18);
        driver.setConfig(capability + 12, 4, 2);
        assertThat(driver.config(capability + 16, 2)).isEqualTo(2);
        driver.setConfig(capability + 8, 4, VirtioPci.COMMON + 20);
        driver.setConfig(capability + 12, 4, 1);
        driver.setConfig(capability + 16, 1, 3);
        assertThat(driver.status()).isEqualTo(3);
        driver.setConfig(capability + 8, 4, -4);
        driver.setConfig(capability + 12, 4, 4);
        driver.setConfig(capability + 16, 4, -1);
        assertThat(driver.status()).as("an access outside the BAR does nothing").isEqualTo(3);
    }

    @Test
    void aSnapshotKeepsARunningDevice() {
        driver.start();
        useMsix(2);
        Ring ring = driver.ring(0);
        echo(ring, "before");
        driver.kick(0);
        ring.takeUsed();
        ring.setUsedEvent(1);
        StateWriter out = new StateWriter();
        machine.function.save(out);
        machine.function.reset();
        assertThat(driver.status()).isZero();

        machine.function.load(new StateReader("echo", out.toByteArray()));
        machine.messages.clear();
        int head = echo(ring, "after");
        driver.kick(0);
        assertThat(ring.takeUsed()).containsExactly(Map.entry(head, 5));
        assertThat(machine.messages).containsExactly(0x41);
    }

    // What broken and hostile drivers do

    private void expectBroken() {
        assertThat(driver.needsReset()).isTrue();
        int before = machine.messages.size();
        driver.kick(0);
        assertThat(machine.messages).as("a broken device is silent").hasSize(before);
        driver.start();
        int head = echo(driver.ring(0), "ok");
        driver.kick(0);
        assertThat(driver.ring(0).takeUsed()).as("works after a reset").containsKey(head);
    }

    @Test
    void aDescriptorLoopBreaksTheDevice() {
        driver.start();
        Ring ring = driver.ring(0);
        long buffer = driver.buffer(16);
        ring.descriptor(ring.table, 0, buffer, 1, 1, 1);
        ring.descriptor(ring.table, 1, buffer, 1, 1, 0);
        ring.offer(0);
        driver.kick(0);
        expectBroken();
    }

    @Test
    void aLoopInAnIndirectTableBreaksTheDevice() {
        driver.start();
        Ring ring = driver.ring(0);
        long indirect = driver.buffer(64);
        ring.descriptor(indirect, 0, indirect, 1, 1, 0);
        ring.descriptor(ring.table, 0, indirect, 64, 4, 0);
        ring.offer(0);
        driver.kick(0);
        expectBroken();
    }

    @Test
    void nestedIndirectTablesBreakTheDevice() {
        driver.start();
        Ring ring = driver.ring(0);
        long indirect = driver.buffer(64);
        ring.descriptor(indirect, 0, indirect, 64, 4, 0);
        ring.descriptor(ring.table, 0, indirect, 64, 4, 0);
        ring.offer(0);
        driver.kick(0);
        expectBroken();
    }

    @Test
    void indirectTablesWithoutTheFeatureBreakTheDevice() {
        driver.start(INDIRECT);
        Ring ring = driver.ring(0);
        ring.addIndirect(new Part(driver.buffer(4), 4, true));
        driver.kick(0);
        assertThat(driver.needsReset()).isTrue();
    }

    @Test
    void headAndNextBeyondTheTableBreakTheDevice() {
        driver.start();
        driver.ring(0).offer(16);
        driver.kick(0);
        expectBroken();
        Ring ring = driver.ring(0);
        ring.descriptor(ring.table, 5, driver.buffer(1), 1, 1, 99);
        ring.offer(5);
        driver.kick(0);
        expectBroken();
    }

    @Test
    void anAvailableIndexFarAheadBreaksTheDevice() {
        driver.start();
        Ring ring = driver.ring(0);
        machine.memory.write(ring.avail + 2, 2, 17);
        driver.kick(0);
        expectBroken();
    }

    @Test
    void readableAfterWritableBreaksTheDevice() {
        driver.start();
        long buffer = driver.buffer(16);
        driver.ring(0).add(new Part(buffer, 1, true), new Part(buffer, 1, false));
        driver.kick(0);
        expectBroken();
    }

    @Test
    void addressesOutsideMemoryBreakTheDevice() {
        driver.start();
        long[] bad = {0x1000_0000L, -1L, -4096L, Long.MIN_VALUE, machine.memory.ramSize() - 1};
        for (long address : bad) {
            driver.ring(0).add(new Part(driver.buffer(8), 8, false), new Part(address, 8, true));
            driver.kick(0);
            expectBroken();
        }
    }

    @Test
    void ringsOutsideMemoryOrMisalignedAreRefused() {
        for (long address : new long[] {0x1000_0000L, -4096L, 0x10_0008L, machine.memory.ramSize() - 16}) {
            driver.negotiate(driver.offeredFeatures());
            driver.setCommon(22, 2, 0);
            driver.setCommon(32, 8, address);
            driver.setCommon(40, 8, 0x20_0000);
            driver.setCommon(48, 8, 0x30_0000);
            driver.setCommon(28, 2, 1);
            assertThat(driver.common(28, 2)).isZero();
            assertThat(driver.needsReset()).isTrue();
        }
    }

    @Test
    void queueSizesThatArePowersOfTwoAndSmallEnoughAreTaken() {
        for (int size : new int[] {0, 3, 32, 0x8000}) {
            driver.negotiate(driver.offeredFeatures());
            driver.setCommon(22, 2, 0);
            driver.setCommon(24, 2, size);
            driver.setCommon(32, 8, 0x10_0000);
            driver.setCommon(40, 8, 0x20_0000);
            driver.setCommon(48, 8, 0x30_0000);
            driver.setCommon(28, 2, 1);
            assertThat(driver.needsReset()).as("size %d", size).isTrue();
        }
    }

    @Test
    void noGarbageInRingsAndDescriptorsEscapesTheDevice() {
        Random random = new Random(20260101);
        int broken = 0;
        int served = 0;
        for (int round = 0; round < 3000; round++) {
            driver.start(random.nextBoolean() ? EVENT_IDX : 0);
            Ring ring = driver.ring(0);
            List<Long> interesting = new ArrayList<>(
                    List.of(ring.table, ring.avail, ring.used, 0L, -1L, 0x41_0000L, machine.memory.ramSize() - 7));
            for (int i = 0; i < ring.size; i++) {
                long address = random.nextInt(4) == 0
                        ? interesting.get(random.nextInt(interesting.size()))
                        : 0x50_0000L + random.nextInt(1 << 20);
                int length = switch (random.nextInt(5)) {
                    case 0 -> random.nextInt();
                    case 1 -> 16 * random.nextInt(70);
                    default -> random.nextInt(600);
                };
                int flags = random.nextInt(3) == 0 ? random.nextInt(8) : random.nextInt(4);
                ring.descriptor(ring.table, i, address, length, flags, random.nextInt(ring.size + 1));
            }
            for (int i = 0; i < 1 + random.nextInt(6); i++) {
                ring.offer(random.nextInt(50) == 0 ? random.nextInt() : random.nextInt(ring.size));
            }
            driver.kick(0);
            // The device may have overwritten its own rings by order: only what it is, broken or not, can be asked.
            if (driver.needsReset()) {
                broken++;
            } else {
                served++;
            }
        }
        assertThat(broken).isGreaterThan(500);
        assertThat(served).isGreaterThan(50);
    }

    @Test
    void anyAccessToTheRegistersIsSurvived() {
        Random random = new Random(7);
        long base = driver.config(0x10, 4) & 0xFFFF_FFF0L;
        for (int i = 0; i < 200_000; i++) {
            int size = 1 << random.nextInt(4);
            long at = base + (random.nextInt(3) == 0 ? random.nextInt(0x4000) : random.nextInt(64));
            if (random.nextBoolean()) {
                machine.io.readMmio(at, size);
            } else {
                machine.io.writeMmio(at, size, random.nextInt(3) == 0 ? random.nextLong() : random.nextInt(32));
            }
        }
        driver.setConfig(4, 2, 7);
        driver.start();
        int head = echo(driver.ring(0), "alive");
        driver.kick(0);
        assertThat(driver.ring(0).takeUsed()).containsKey(head);
    }
}
