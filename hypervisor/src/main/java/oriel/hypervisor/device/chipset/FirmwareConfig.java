package oriel.hypervisor.device.chipset;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import oriel.hypervisor.bus.Device;
import oriel.hypervisor.bus.IoBus;
import oriel.hypervisor.bus.PortIo;
import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.memory.GuestMemory;
import oriel.hypervisor.memory.GuestMemoryException;

/**
 * The firmware configuration device "fw_cfg" (QEMU docs/specs/fw_cfg): items that firmware selects by number at port
 * 510H and reads at port 511H, or has copied to memory by a descriptor that it names at port 514H. Named files are items
 * too, listed in a directory. Read-only: what a guest writes changes nothing. Confined to the machine's thread.
 */
public final class FirmwareConfig implements Device, PortIo {
    /** Numbers of items that have no name. */
    public static final int PROCESSORS = 0x05, BOOT_MENU = 0x0E, MOST_PROCESSORS = 0x0F;

    private static final int SIGNATURE = 0x00, ID = 0x01, DIRECTORY = 0x19, FIRST_FILE = 0x20;
    private static final int ID_TRADITIONAL = 1, ID_DMA = 2;
    private static final int SELECTOR = 0x510, DATA = 0x511, DMA = 0x514;
    private static final long DMA_SIGNATURE = 0x51454D5520434647L; // "QEMU CFG"

    private static final int DMA_ERROR = 1, DMA_READ = 2, DMA_SKIP = 4, DMA_SELECT = 8, DMA_WRITE = 16;
    private static final int DMA_DESCRIPTOR = 16;

    /** A driver that zeroes memory through a skipped or ended item does so in pieces of this size at most. */
    private static final int PIECE = 64 << 10;

    /** The longest transfer that one descriptor may ask for: more than any item, and bounded work for the host. */
    private static final long LONGEST = 16 << 20;

    private static final int NAME_LENGTH = 56;
    private static final int STATE_VERSION = 1;
    private static final byte[] NOTHING = {};

    private final GuestMemory memory;
    private final Map<Integer, byte[]> items = new HashMap<>();
    private int selected;
    private int offset;
    private int addressHigh;

    /**
     * A device with its items.
     *
     * @param numbers items without a name, by number
     * @param files items with a name of at most 55 ASCII characters
     */
    public FirmwareConfig(GuestMemory memory, Map<Integer, byte[]> numbers, Map<String, byte[]> files) {
        this.memory = memory;
        items.putAll(numbers);
        items.put(SIGNATURE, "QEMU".getBytes(StandardCharsets.US_ASCII));
        items.put(ID, number(ID_TRADITIONAL | ID_DMA, 4));
        items.put(DIRECTORY, directory(new TreeMap<>(files)));
    }

    /** An item's value: a little-endian number. */
    public static byte[] number(long value, int size) {
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++) {
            bytes[i] = (byte) (value >>> (8 * i));
        }
        return bytes;
    }

    private byte[] directory(SortedMap<String, byte[]> files) {
        ByteBuffer directory = ByteBuffer.allocate(4 + files.size() * (8 + NAME_LENGTH)); // big-endian, unlike all else
        directory.putInt(files.size());
        int number = FIRST_FILE;
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            byte[] name = file.getKey().getBytes(StandardCharsets.US_ASCII);
            if (name.length >= NAME_LENGTH) {
                throw new IllegalArgumentException("too long a name: " + file.getKey());
            }
            items.put(number, file.getValue());
            int at = directory.position();
            directory.putInt(file.getValue().length).putShort((short) number).putShort((short) 0);
            directory.put(name).position(at + 8 + NAME_LENGTH);
            number++;
        }
        return directory.array();
    }

    /** Connects the registers. */
    public void attach(IoBus bus) {
        bus.addPorts(SELECTOR, 2, this);
        bus.addPorts(DMA, 8, this);
    }

    private byte[] item() {
        return items.getOrDefault(selected, NOTHING);
    }

    private void select(int number) {
        selected = number & 0xFFFF;
        offset = 0;
    }

    @Override
    public int readPort(int port, int size) {
        if (port >= DMA) {
            int at = port - DMA;
            int value = 0;
            for (int i = 0; i < size; i++) {
                int signature = at + i < 8 ? (int) (DMA_SIGNATURE >>> (56 - 8 * (at + i))) & 0xFF : 0xFF;
                value |= signature << (8 * i);
            }
            return value;
        }
        if (port != DATA || size != 1) {
            return 0;
        }
        byte[] item = item();
        return offset < item.length ? item[offset++] & 0xFF : 0;
    }

    @Override
    public void writePort(int port, int size, int value) {
        if (port == SELECTOR && size == 2) {
            select(value);
        } else if (port == DMA && size == 4) {
            addressHigh = Integer.reverseBytes(value);
        } else if (port == DMA + 4 && size == 4) {
            long address = (long) addressHigh << 32 | Integer.reverseBytes(value) & 0xFFFF_FFFFL;
            addressHigh = 0;
            transfer(address);
        }
    }

    private void transfer(long descriptor) {
        byte[] bytes = new byte[DMA_DESCRIPTOR];
        try {
            memory.read(descriptor, bytes, 0, bytes.length);
        } catch (GuestMemoryException e) {
            return; // nowhere to say so
        }
        ByteBuffer request = ByteBuffer.wrap(bytes).order(ByteOrder.BIG_ENDIAN);
        int control = request.getInt();
        long length = request.getInt() & 0xFFFF_FFFFL;
        long address = request.getLong();
        if ((control & DMA_SELECT) != 0) {
            select(control >>> 16);
        }
        int result = 0;
        try {
            if (length > LONGEST || (control & (DMA_READ | DMA_SKIP)) == 0 && (control & DMA_WRITE) != 0) {
                result = DMA_ERROR;
            } else if ((control & DMA_READ) != 0) {
                copy(address, (int) length);
            } else if ((control & DMA_SKIP) != 0) {
                offset = (int) Math.min(item().length, offset + length);
            }
        } catch (GuestMemoryException e) {
            result = DMA_ERROR;
        }
        try {
            memory.write(descriptor, 4, Integer.reverseBytes(result) & 0xFFFF_FFFFL);
        } catch (GuestMemoryException e) {
            // It lay across the end of memory: the guest waits for itself.
        }
    }

    /** Copies from the item; zeroes follow behind its end. */
    private void copy(long address, int length) {
        byte[] item = item();
        int present = Math.min(length, item.length - offset);
        memory.write(address, item, offset, present);
        offset += present;
        byte[] zeroes = new byte[Math.min(PIECE, length - present)];
        for (int done = present; done < length; done += zeroes.length) {
            memory.write(address + done, zeroes, 0, Math.min(zeroes.length, length - done));
        }
    }

    @Override
    public String name() {
        return "fw-cfg";
    }

    @Override
    public void reset() {
        select(0);
        addressHigh = 0;
    }

    @Override
    public void save(StateWriter out) {
        out.version(STATE_VERSION).u16(selected).i32(offset).i32(addressHigh);
    }

    @Override
    public void load(StateReader in) {
        in.version(STATE_VERSION);
        select(in.u16());
        offset = Math.clamp(in.i32(), 0, item().length);
        addressHigh = in.i32();
    }
}
