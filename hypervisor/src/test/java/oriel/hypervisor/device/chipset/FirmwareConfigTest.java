package oriel.hypervisor.device.chipset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.memory.GuestMemory;

class FirmwareConfigTest {
    private static final int DESCRIPTOR = 0x8000, BUFFER = 0x9000;
    private static final int READ = 2, SKIP = 4, SELECT = 8, WRITE = 16;

    private final GuestMemory memory = new GuestMemory(1 << 20);
    private final IoBus bus = new IoBus();
    private final FirmwareConfig device = new FirmwareConfig(
            memory,
            Map.of(FirmwareConfig.PROCESSORS, FirmwareConfig.number(4, 2)),
            Map.of("etc/b", "second".getBytes(StandardCharsets.US_ASCII), "etc/a", new byte[] {1, 2, 3}));

    FirmwareConfigTest() {
        device.attach(bus);
    }

    @AfterEach
    void free() {
        memory.close();
    }

    private byte[] read(int item, int length) {
        bus.writePort(0x510, 2, item);
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) bus.readPort(0x511, 1);
        }
        return bytes;
    }

    private int transfer(int control, int length, long address) {
        memory.write(DESCRIPTOR, 4, Integer.reverseBytes(control) & 0xFFFF_FFFFL);
        memory.write(DESCRIPTOR + 4, 4, Integer.reverseBytes(length) & 0xFFFF_FFFFL);
        memory.write(DESCRIPTOR + 8, 8, Long.reverseBytes(address));
        bus.writePort(0x514, 4, 0);
        bus.writePort(0x518, 4, Integer.reverseBytes(DESCRIPTOR));
        return Integer.reverseBytes((int) memory.read(DESCRIPTOR, 4));
    }

    @Test
    void firmwareFindsTheDeviceByItsSignatures() {
        assertThat(read(0, 4)).containsExactly('Q', 'E', 'M', 'U');
        assertThat(read(1, 4)).as("ports and DMA").containsExactly(3, 0, 0, 0);
        assertThat(bus.readPort(0x514, 4)).isEqualTo(Integer.reverseBytes(0x51454D55)); // "QEMU"
        assertThat(bus.readPort(0x518, 4)).isEqualTo(Integer.reverseBytes(0x20434647)); // " CFG"
    }

    @Test
    void itemsEndInZeroes() {
        assertThat(read(FirmwareConfig.PROCESSORS, 4)).containsExactly(4, 0, 0, 0);
        assertThat(read(0x1234, 2)).containsExactly(0, 0);
    }

    @Test
    void filesAreListedInOrderOfTheirNames() {
        byte[] directory = read(0x19, 4 + 2 * 64);
        assertThat(directory).startsWith(0, 0, 0, 2, 0, 0, 0, 3, 0, 0x20, 0, 0);
        assertThat(new String(directory, 12, 5, StandardCharsets.US_ASCII)).isEqualTo("etc/a");
        assertThat(directory[68 + 3]).isEqualTo((byte) 6);
        assertThat(directory[68 + 5]).isEqualTo((byte) 0x21);
        assertThat(read(0x20, 3)).containsExactly(1, 2, 3);
        assertThat(new String(read(0x21, 6), StandardCharsets.US_ASCII)).isEqualTo("second");
    }

    @Test
    void descriptorCopiesSelectsAndSkips() {
        memory.write(BUFFER, 8, -1);
        assertThat(transfer(0x21 << 16 | SELECT | SKIP, 2, 0)).isZero();
        assertThat(transfer(READ, 6, BUFFER)).isZero();
        byte[] copied = new byte[8];
        memory.read(BUFFER, copied, 0, 8);
        assertThat(copied).containsExactly('c', 'o', 'n', 'd', 0, 0, 0xFF, 0xFF);
    }

    @Test
    void writesAndTransfersThatAreTooLongOrNowhereFail() {
        assertThat(transfer(0x20 << 16 | SELECT | WRITE, 3, BUFFER)).isEqualTo(1);
        assertThat(transfer(0x20 << 16 | SELECT | READ, -1, BUFFER)).isEqualTo(1);
        assertThat(transfer(0x20 << 16 | SELECT | READ, 64, 0xFFFF0)).isEqualTo(1);
        assertThat(transfer(0x20 << 16 | SELECT | READ, 64, 1L << 40)).isEqualTo(1);
        assertThat(read(0x20, 3)).as("nothing was changed").containsExactly(1, 2, 3);
    }

    @Test
    void everyAccessIsSurvived() {
        Random random = new Random(8);
        for (int i = 0; i < 20_000; i++) {
            int port = random.nextBoolean() ? 0x510 + random.nextInt(2) : 0x514 + random.nextInt(8);
            int size = 1 << random.nextInt(3);
            if (random.nextInt(3) == 0) {
                memory.write(DESCRIPTOR, 8, random.nextLong() & 0xFF_FFFF_FF1F_00FFL);
                memory.write(DESCRIPTOR + 8, 8, random.nextLong());
                bus.writePort(0x518, 4, Integer.reverseBytes(DESCRIPTOR));
            } else if (random.nextBoolean()) {
                bus.writePort(port, size, random.nextInt());
            } else {
                bus.readPort(port, size);
            }
        }
        assertThat(read(0x20, 3)).containsExactly(1, 2, 3);
    }

    @Test
    void savedPositionGoesOn() {
        read(0x21, 3);
        byte[] state = Snapshots.save(device);
        device.reset();
        Snapshots.load(device, state);
        assertThat(bus.readPort(0x511, 1)).isEqualTo('o');
    }

    @Test
    void namesAreBounded() {
        Map<String, byte[]> files = Map.of("x".repeat(56), new byte[1]);
        assertThatThrownBy(() -> new FirmwareConfig(memory, Map.of(), files))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
