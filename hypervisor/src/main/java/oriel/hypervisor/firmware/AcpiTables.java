package oriel.hypervisor.firmware;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import oriel.hypervisor.device.chipset.AcpiPm;
import oriel.hypervisor.device.chipset.ApicBus;
import oriel.hypervisor.device.chipset.CmosRtc;
import oriel.hypervisor.device.chipset.GenerationId;
import oriel.hypervisor.device.chipset.Hpet;
import oriel.hypervisor.device.chipset.IoApic;
import oriel.hypervisor.device.chipset.ResetControl;
import oriel.hypervisor.device.pci.PciBus;
import oriel.hypervisor.device.serial.Serial16550;
import oriel.hypervisor.memory.GuestMemory;

/** The ACPI tables of the board (ACPI 6.5 §5.2): what an operating system can't find out by asking the hardware. */
public final class AcpiTables {
    /** Where the tables go: the upper memory that a BIOS would use, where the root pointer is also searched for. */
    public static final long BASE = 0xE0000;

    private static final String TABLES_FILE = "etc/acpi/tables", ROOT_POINTER_FILE = "etc/acpi/rsdp";
    private static final String GENERATION = "VGEN";
    private static final int SPACE = 0x20000;
    private static final int HEADER = 36;

    /** Room before the first table, for the RSDP. */
    private static final int ROOT_POINTER_SPACE = 64;

    private final ByteBuffer area = ByteBuffer.allocate(SPACE).order(ByteOrder.LITTLE_ENDIAN);
    private final long base;
    private final int processors;
    private final boolean hpet;

    private AcpiTables(long base, int processors, boolean hpet) {
        if (processors < 1 || processors > 64) {
            throw new IllegalArgumentException("1 to 64 processors, got " + processors);
        }
        this.base = base;
        this.processors = processors;
        this.hpet = hpet;
    }

    /**
     * Writes the tables into guest memory.
     *
     * @param processors 1–64
     * @param hpet whether there is an {@link Hpet}
     * @return the guest physical address of the root pointer (RSDP)
     */
    public static long install(GuestMemory memory, int processors, boolean hpet) {
        byte[] image = image(processors, hpet);
        memory.write(BASE, image, 0, image.length);
        return BASE;
    }

    /** All tables as they lie at {@link #BASE}; the RSDP is first. */
    static byte[] image(int processors, boolean hpet) {
        AcpiTables tables = new AcpiTables(BASE, processors, hpet);
        Layout layout = tables.build();
        tables.area.put(0, tables.rsdp(layout));
        return tables.bytes();
    }

    /**
     * The tables for firmware that puts them where it likes: files of the firmware configuration device by name, with the
     * script by which the firmware links them.
     *
     * @param processors 1–64
     * @param hpet whether there is an {@link Hpet}
     */
    public static Map<String, byte[]> files(int processors, boolean hpet) {
        AcpiTables tables = new AcpiTables(0, processors, hpet);
        Layout layout = tables.build();
        byte[] image = tables.bytes();
        AcpiLinker linker = new AcpiLinker()
                .allocate(TABLES_FILE, ROOT_POINTER_SPACE, AcpiLinker.Zone.HIGH)
                .allocate(ROOT_POINTER_FILE, 16, AcpiLinker.Zone.BIOS);
        for (Pointer pointer : layout.pointers) {
            linker.pointer(TABLES_FILE, pointer.at, pointer.width, TABLES_FILE);
        }
        ByteBuffer lengths = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
        for (int table : layout.summed) {
            linker.checksum(TABLES_FILE, table + 9, table, lengths.getInt(table + 4));
        }
        linker.pointer(ROOT_POINTER_FILE, 16, 4, TABLES_FILE)
                .pointer(ROOT_POINTER_FILE, 24, 8, TABLES_FILE)
                .checksum(ROOT_POINTER_FILE, 8, 0, 20)
                .checksum(ROOT_POINTER_FILE, 32, 0, 36);
        return Map.of(
                TABLES_FILE, image, ROOT_POINTER_FILE, tables.rsdp(layout), AcpiLinker.FILE, linker.toByteArray());
    }

    /** A field that holds the address of a table. */
    private record Pointer(int at, int width) {}

    /** Where things are: the root tables, every pointer between tables, and the tables that have a check sum. */
    private record Layout(int rsdt, int xsdt, List<Pointer> pointers, List<Integer> summed) {}

    private Layout build() {
        area.position(ROOT_POINTER_SPACE);
        int facs = place(facs());
        int dsdt = place(table("DSDT", 2, dsdt(processors)));
        int fadt = place(table("FACP", 4, fadt(facs, dsdt)));
        int madt = place(table("APIC", 3, madt()));
        List<Integer> listed = new ArrayList<>(List.of(fadt, madt));
        if (hpet) {
            listed.add(place(table("HPET", 1, hpet())));
        }
        int rsdt = place(table("RSDT", 1, pointers(4, listed)));
        int xsdt = place(table("XSDT", 1, pointers(8, listed)));
        List<Pointer> pointers = new ArrayList<>(List.of(
                new Pointer(fadt + 36, 4),
                new Pointer(fadt + 40, 4),
                new Pointer(fadt + 132, 8),
                new Pointer(fadt + 140, 8)));
        for (int i = 0; i < listed.size(); i++) {
            pointers.add(new Pointer(rsdt + HEADER + 4 * i, 4));
            pointers.add(new Pointer(xsdt + HEADER + 8 * i, 8));
        }
        List<Integer> summed = new ArrayList<>(listed);
        summed.addAll(List.of(dsdt, rsdt, xsdt));
        return new Layout(rsdt, xsdt, pointers, summed);
    }

    private byte[] bytes() {
        byte[] image = new byte[area.position()];
        area.get(0, image);
        return image;
    }

    /** Puts a table at the next 64-byte boundary (the FACS needs it) and gives its offset. */
    private int place(byte[] table) {
        int at = area.position() + 63 & ~63;
        area.position(at);
        area.put(table);
        return at;
    }

    private int address(int offset) {
        return (int) base + offset;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** A table with its header and check sum (§5.2.6). */
    static byte[] table(String signature, int revision, byte[] body) {
        ByteBuffer table = ByteBuffer.allocate(HEADER + body.length).order(ByteOrder.LITTLE_ENDIAN);
        table.put(ascii(signature))
                .putInt(table.capacity())
                .put((byte) revision)
                .put((byte) 0);
        table.put(ascii("ORIEL "))
                .put(ascii("ORIELPC "))
                .putInt(1)
                .put(ascii("ORIL"))
                .putInt(1);
        table.put(body);
        table.put(9, checksum(table.array(), table.capacity()));
        return table.array();
    }

    /** The byte that makes the sum of the first {@code length} bytes 0, where it is still 0 itself. */
    private static byte checksum(byte[] bytes, int length) {
        int sum = 0;
        for (int i = 0; i < length; i++) {
            sum += bytes[i];
        }
        return (byte) -sum;
    }

    private byte[] rsdp(Layout layout) {
        ByteBuffer rsdp = ByteBuffer.allocate(36).order(ByteOrder.LITTLE_ENDIAN);
        rsdp.put(ascii("RSD PTR ")).put((byte) 0).put(ascii("ORIEL ")).put((byte) 2);
        rsdp.putInt(address(layout.rsdt)).putInt(36).putLong(address(layout.xsdt));
        rsdp.put(8, checksum(rsdp.array(), 20));
        rsdp.put(32, checksum(rsdp.array(), 36));
        return rsdp.array();
    }

    private byte[] pointers(int width, List<Integer> tables) {
        ByteBuffer body = ByteBuffer.allocate(width * tables.size()).order(ByteOrder.LITTLE_ENDIAN);
        for (int table : tables) {
            if (width == 4) {
                body.putInt(address(table));
            } else {
                body.putLong(address(table));
            }
        }
        return body.array();
    }

    private static byte[] facs() {
        ByteBuffer facs = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
        facs.put(ascii("FACS")).putInt(64);
        facs.put(32, (byte) 2); // version
        return facs.array();
    }

    /** FADT revision 4 (§5.2.9); offsets here count from the start of the table. */
    private byte[] fadt(int facs, int dsdt) {
        int writeBackInvalidate = 1, processorC1 = 1 << 2, noSleepButton = 1 << 5, noFixedRtc = 1 << 6;
        int resetRegister = 1 << 10;
        int legacyDevices = 1, keyboardController = 2;
        ByteBuffer fadt = ByteBuffer.allocate(244).order(ByteOrder.LITTLE_ENDIAN);
        fadt.putInt(36, address(facs));
        fadt.putInt(40, address(dsdt));
        fadt.putShort(46, (short) AcpiPm.SCI_IRQ);
        // SMI_CMD (48) is 0: the board is always in ACPI mode.
        fadt.putInt(56, AcpiPm.BASE);
        fadt.putInt(64, AcpiPm.BASE + 4);
        fadt.putInt(76, AcpiPm.BASE + 8);
        fadt.putInt(80, AcpiPm.BASE + 12);
        fadt.put(88, (byte) 4); // lengths of the event, control and timer blocks
        fadt.put(89, (byte) 2);
        fadt.put(91, (byte) 4);
        fadt.put(92, (byte) 4); // general purpose events: two bytes of status, two to enable
        fadt.putShort(96, (short) 0xFFFF); // no C2
        fadt.putShort(98, (short) 0xFFFF); // no C3
        fadt.put(108, (byte) CmosRtc.CENTURY);
        fadt.putShort(109, (short) (legacyDevices | keyboardController));
        fadt.putInt(112, writeBackInvalidate | processorC1 | noSleepButton | noFixedRtc | resetRegister);
        ports(fadt, 116, ResetControl.RESET_REGISTER, 1);
        fadt.put(128, (byte) ResetControl.RESET_VALUE);
        fadt.putLong(132, address(facs));
        fadt.putLong(140, address(dsdt));
        ports(fadt, 148, AcpiPm.BASE, 4);
        ports(fadt, 172, AcpiPm.BASE + 4, 2);
        ports(fadt, 208, AcpiPm.BASE + 8, 4);
        ports(fadt, 220, AcpiPm.BASE + 12, 4);
        byte[] body = new byte[fadt.capacity() - HEADER];
        fadt.get(HEADER, body);
        return body;
    }

    /** A generic address structure in port space (§5.2.3.2). */
    private static void ports(ByteBuffer table, int at, int port, int bytes) {
        table.put(at, (byte) 1).put(at + 1, (byte) (8 * bytes)).put(at + 3, (byte) (bytes == 4 ? 3 : bytes));
        table.putLong(at + 4, port);
    }

    private byte[] madt() {
        ByteBuffer madt =
                ByteBuffer.allocate(8 + 8 * processors + 12 + 10 + 10 + 6).order(ByteOrder.LITTLE_ENDIAN);
        madt.putInt((int) ApicBus.LOCAL_APIC_BASE).putInt(1); // PCAT_COMPAT: there are 8259s
        for (int processor = 0; processor < processors; processor++) {
            madt.put((byte) 0)
                    .put((byte) 8)
                    .put((byte) processor)
                    .put((byte) processor)
                    .putInt(1);
        }
        madt.put((byte) 1)
                .put((byte) 12)
                .put((byte) 0)
                .put((byte) 0)
                .putInt((int) IoApic.BASE)
                .putInt(0);
        int activeHigh = 1, edge = 1 << 2, level = 3 << 2;
        override(madt, 0, 2, activeHigh | edge);
        override(madt, AcpiPm.SCI_IRQ, AcpiPm.SCI_IRQ, activeHigh | level);
        madt.put((byte) 4).put((byte) 6).put((byte) 0xFF).putShort((short) 0).put((byte) 1); // NMI: LINT1 of all
        return madt.array();
    }

    private static void override(ByteBuffer madt, int irq, int gsi, int flags) {
        madt.put((byte) 2)
                .put((byte) 10)
                .put((byte) 0)
                .put((byte) irq)
                .putInt(gsi)
                .putShort((short) flags);
    }

    /** IA-PC HPET 1.0a §3.2.4. */
    private static byte[] hpet() {
        ByteBuffer table = ByteBuffer.allocate(20).order(ByteOrder.LITTLE_ENDIAN);
        table.putInt(Hpet.blockId());
        table.put((byte) 0).put((byte) 64).putShort((short) 0).putLong(Hpet.BASE); // in memory, 64 bits wide
        table.put((byte) 0).putShort((short) Hpet.SHORTEST_TICKS).put((byte) 0);
        return table.array();
    }

    private static byte[] dsdt(int processors) {
        Aml system = new Aml();
        for (int processor = 0; processor < processors; processor++) {
            system.device(
                    "C%03X".formatted(processor),
                    new Aml().name("_HID", new Aml().string("ACPI0007")).name("_UID", new Aml().integer(processor)));
        }
        system.device("PCI0", pciRoot());
        system.device(
                "COM1",
                device("PNP0501", new AcpiResources().ports(Serial16550.COM1, 8).irq(Serial16550.COM1_IRQ))
                        .name("_UID", new Aml().integer(1)));
        system.device(
                "KBD",
                device(
                        "PNP0303",
                        new AcpiResources().ports(0x60, 1).ports(0x64, 1).irq(1)));
        system.device("MOU", device("PNP0F13", new AcpiResources().irq(12)));
        system.device(
                "RTC", device("PNP0B00", new AcpiResources().ports(0x70, 2).irq(8)));
        system.device(GENERATION, generationId());
        Aml sleepType = new Aml().integer(AcpiPm.S5);
        Aml zero = new Aml().integer(0);
        return new Aml()
                .scope("\\_SB", system)
                .scope("\\_GPE", new Aml().method("_E%02X".formatted(GenerationId.EVENT), notifyGeneration()))
                .name("\\_S5", new Aml().packageOf(sleepType, zero, zero, zero))
                .toByteArray();
    }

    /** What Linux' vmgenid and Windows look for: a compatible id, and ADDR, the id's address in two halves. */
    private static Aml generationId() {
        return new Aml()
                .name("_HID", new Aml().string("ORIL0001"))
                .name("_CID", new Aml().packageOf(new Aml().string("VMGENCTR"), new Aml().string("VM_Gen_Counter")))
                .name("_DDN", new Aml().string("VM_Gen_Counter"))
                .name(
                        "ADDR",
                        new Aml()
                                .packageOf(
                                        new Aml().integer(GenerationId.BASE & 0xFFFF_FFFFL),
                                        new Aml().integer(GenerationId.BASE >>> 32)));
    }

    private static Aml notifyGeneration() {
        return new Aml().notify("\\_SB", GENERATION, 0x80);
    }

    private static Aml device(String id, AcpiResources resources) {
        return new Aml().name("_HID", new Aml().eisaId(id)).name("_CRS", resources.template());
    }

    private static Aml pciRoot() {
        AcpiResources resources = new AcpiResources()
                .busNumbers(0, 0xFF)
                .ports(0xCF8, 8)
                .portWindow(0, 0xCF7)
                .portWindow(0xD00, 0xFFFF)
                .memoryWindow(0xA0000, 0xBFFFF)
                .memoryWindow(PciBus.MEMORY_WINDOW, PciBus.MEMORY_WINDOW_END - 1);
        Aml[] routes = new Aml[32 * 4];
        for (int slot = 0; slot < 32; slot++) {
            for (int pin = 0; pin < 4; pin++) {
                routes[slot * 4 + pin] = new Aml()
                        .packageOf(
                                new Aml().integer((long) slot << 16 | 0xFFFF), // any function of the slot
                                new Aml().integer(pin),
                                new Aml().integer(0), // not through a link device
                                new Aml().integer(PciBus.gsi(slot, pin)));
            }
        }
        return new Aml()
                .name("_HID", new Aml().eisaId("PNP0A03"))
                .name("_ADR", new Aml().integer(0))
                .name("_UID", new Aml().integer(0))
                .name("_CRS", resources.template())
                .name("_PRT", new Aml().packageOf(routes));
    }
}
