package oriel.hypervisor.firmware;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.memory.GuestMemory;

/**
 * Starts a Linux kernel without firmware, by the 64-bit boot protocol (Documentation/arch/x86/boot.rst): puts kernel,
 * initrd, boot_params, page tables and a GDT into memory and the processor at the kernel's entry.
 *
 * <p>Kernel address randomisation happens in the kernel's own unpacker, which is passed by, so there is none.
 *
 * @param initrd the initial RAM disk, or {@link Initrd#none}
 * @param framebuffer handed over as an EFI framebuffer, or null for none
 * @param rsdp guest physical address of the ACPI root pointer ({@link AcpiTables#install}), 0 for none
 */
public record DirectBoot(
        LinuxKernel kernel,
        Initrd initrd,
        String commandLine,
        @Nullable Framebuffer framebuffer,
        long rsdp) {
    // Low memory, all of it free for the kernel once it has copied what it wants.
    static final int GDT = 0x500, BOOT_PARAMS = 0x7000, PAGE_TABLES = 0x9000, COMMAND_LINE = 0x20000;

    private static final int PAGE = 0x1000;
    private static final int EBDA = 0x9FC00;
    private static final long HIGH_MEMORY = 0x10_0000;

    private static final int E820_RAM = 1, E820_RESERVED = 2;
    private static final int VIDEO_TYPE_EFI = 0x70;

    private static final int CODE = 0x10, DATA = 0x18;
    private static final long CODE_DESCRIPTOR = 0x00AF_9B00_0000_FFFFL, DATA_DESCRIPTOR = 0x00CF_9300_0000_FFFFL;
    private static final int CODE_ACCESS = 0xA09B, DATA_ACCESS = 0xC093, BUSY_TSS_ACCESS = 0x8B;
    private static final int UNUSABLE = 0x10000;

    private static final long CR0_PE = 1, CR0_ET = 1 << 4, CR0_NE = 1 << 5, CR0_PG = 1L << 31;
    private static final long CR4_PAE = 1 << 5, EFER_LME = 1 << 8, EFER_LMA = 1 << 10;

    /**
     * Fills memory and sets the boot processor's state. Tell the processor by
     * {@link oriel.hypervisor.cpu.Vcpu#stateChanged}.
     *
     * @throws FirmwareException if kernel or initrd don't fit into the memory, or the command line is too long
     */
    public void load(GuestMemory memory, CpuState cpu) {
        long lowRam = Math.min(memory.ramSize(), GuestMemory.LOW_LIMIT);
        ElfImage elf = kernel.elf();
        long entry = elf != null ? loadElf(memory, elf, lowRam) : loadSelfUnpacking(memory, lowRam);
        long kernelEnd =
                Math.max(elf != null ? elf.end() : 0, (elf != null ? elf.start() : entry - 0x200) + kernel.initSize());
        long initrdAt = loadInitrd(memory, lowRam, kernelEnd);
        loadCommandLine(memory);
        writeBootParams(memory, lowRam, initrdAt);
        writeBiosData(memory);
        writePageTables(memory);
        memory.write(GDT, 8, 0);
        memory.write(GDT + 8, 8, 0);
        memory.write(GDT + CODE, 8, CODE_DESCRIPTOR);
        memory.write(GDT + DATA, 8, DATA_DESCRIPTOR);
        enter(cpu, entry);
    }

    private static long loadElf(GuestMemory memory, ElfImage elf, long lowRam) {
        if (elf.start() < HIGH_MEMORY || elf.end() > lowRam) {
            throw tooSmall(elf.end(), lowRam);
        }
        elf.writeTo(memory);
        return elf.entry();
    }

    private long loadSelfUnpacking(GuestMemory memory, long lowRam) {
        long align = kernel.alignment();
        long at = kernel.preferredAddress();
        long needed = Math.max(kernel.initSize(), kernel.selfUnpacking().length);
        if (at + needed > lowRam && kernel.relocatable()) {
            at = (HIGH_MEMORY + align - 1) / align * align;
        }
        if (at < HIGH_MEMORY || at + needed > lowRam) {
            throw tooSmall(at + needed, lowRam);
        }
        memory.write(at, kernel.selfUnpacking(), 0, kernel.selfUnpacking().length);
        return at + 0x200; // the 64-bit entry point
    }

    private long loadInitrd(GuestMemory memory, long lowRam, long kernelEnd) {
        if (initrd.size() == 0) {
            return 0;
        }
        long top = Math.min(lowRam, kernel.initrdLimit() + 1);
        long at = (top - initrd.size()) & -PAGE;
        if (at < kernelEnd) {
            throw new FirmwareException(
                    "the initrd (%d MiB) doesn't fit behind the kernel into %d MiB of memory: give the machine at least %d MiB"
                            .formatted(initrd.size() >> 20, lowRam >> 20, (kernelEnd + initrd.size() >> 20) + 16));
        }
        initrd.writeTo(memory, at);
        return at;
    }

    private static FirmwareException tooSmall(long needed, long lowRam) {
        return new FirmwareException("the kernel doesn't fit into %d MiB of memory: give the machine at least %d MiB"
                .formatted(lowRam >> 20, (needed >> 20) + 64));
    }

    private void loadCommandLine(GuestMemory memory) {
        // A kernel that unpacks itself would move itself about, for nothing: the guest's clones share its address
        // anyway.
        String line = kernel.unpacked() || commandLine.contains("nokaslr") ? commandLine : commandLine + " nokaslr";
        byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > kernel.commandLineLimit()) {
            throw new FirmwareException("the kernel command line has %d bytes; this kernel takes at most %d: shorten it"
                    .formatted(bytes.length, kernel.commandLineLimit()));
        }
        memory.write(COMMAND_LINE, bytes, 0, bytes.length);
        memory.write(COMMAND_LINE + bytes.length, 1, 0);
    }

    private void writeBootParams(GuestMemory memory, long lowRam, long initrdAt) {
        ByteBuffer params = ByteBuffer.allocate(PAGE).order(ByteOrder.LITTLE_ENDIAN);
        params.put(LinuxKernel.HEADER, kernel.setupHeader());
        params.putLong(0x70, rsdp);
        params.putShort(0x1FA, (short) 0xFFFF); // vid_mode: normal
        params.put(0x210, (byte) 0xFF); // type_of_loader: none of the registered ones
        params.put(0x211, (byte) (params.get(0x211) & ~0x80 | 1)); // LOADED_HIGH, no heap
        params.putInt(0x218, (int) initrdAt);
        params.putInt(0x21C, initrd.size());
        params.putInt(0x228, COMMAND_LINE);
        params.putLong(0x250, 0); // setup_data: none
        writeMemoryMap(params, lowRam, memory.ramSize() - lowRam);
        if (framebuffer != null) {
            writeScreenInfo(params, framebuffer);
        }
        memory.write(BOOT_PARAMS, params.array(), 0, PAGE);
    }

    private static void writeMemoryMap(ByteBuffer params, long lowRam, long highRam) {
        int entries = 0;
        entries = addRange(params, entries, 0, EBDA, E820_RAM);
        entries = addRange(params, entries, EBDA, 0xA0000 - EBDA, E820_RESERVED);
        entries = addRange(params, entries, 0xE0000, HIGH_MEMORY - 0xE0000, E820_RESERVED); // ACPI tables
        entries = addRange(params, entries, HIGH_MEMORY, lowRam - HIGH_MEMORY, E820_RAM);
        if (highRam > 0) {
            entries = addRange(params, entries, GuestMemory.HIGH_BASE, highRam, E820_RAM);
        }
        params.put(0x1E8, (byte) entries);
    }

    private static int addRange(ByteBuffer params, int index, long start, long size, int type) {
        int at = 0x2D0 + 20 * index;
        params.putLong(at, start).putLong(at + 8, size).putInt(at + 16, type);
        return index + 1;
    }

    /** struct screen_info (include/uapi/linux/screen_info.h). For EFI framebuffers lfb_size is in bytes. */
    private static void writeScreenInfo(ByteBuffer params, Framebuffer screen) {
        params.put(0x0F, (byte) VIDEO_TYPE_EFI);
        params.putShort(0x12, (short) screen.width());
        params.putShort(0x14, (short) screen.height());
        params.putShort(0x16, (short) 32);
        params.putInt(0x18, (int) screen.base());
        params.putInt(0x1C, (int) screen.sizeBytes());
        params.putShort(0x24, (short) screen.pitch());
        byte[] masks = {8, 16, 8, 8, 8, 0, 8, 24}; // size and position of red, green, blue, reserved
        params.put(0x26, masks);
        params.putShort(0x32, (short) 1); // pages
    }

    /** What the kernel reads of the BIOS data area: COM1, the EBDA and the size of base memory. */
    private static void writeBiosData(GuestMemory memory) {
        memory.write(0x400, 2, 0x3F8);
        memory.write(0x40E, 2, EBDA >> 4);
        memory.write(0x413, 2, EBDA >> 10);
        memory.write(EBDA, 2, 1); // the EBDA's own size, in KiB
    }

    /** Identity mapping of the first 4 GiB by 2 MiB pages. */
    private static void writePageTables(GuestMemory memory) {
        ByteBuffer tables = ByteBuffer.allocate(6 * PAGE).order(ByteOrder.LITTLE_ENDIAN);
        int presentWritable = 3;
        int large = 0x80;
        tables.putLong(0, PAGE_TABLES + PAGE | presentWritable);
        for (int gib = 0; gib < 4; gib++) {
            tables.putLong(PAGE + 8 * gib, PAGE_TABLES + (2L + gib) * PAGE | presentWritable);
        }
        for (int i = 0; i < 2048; i++) {
            tables.putLong(2 * PAGE + 8 * i, (long) i << 21 | presentWritable | large);
        }
        memory.write(PAGE_TABLES, tables.array(), 0, tables.capacity());
    }

    private static void enter(CpuState cpu, long entry) {
        java.util.Arrays.fill(cpu.gpr, 0);
        cpu.gpr[CpuState.RSI] = BOOT_PARAMS;
        cpu.rip = entry;
        cpu.rflags = 2;
        cpu.cr0 = CR0_PE | CR0_ET | CR0_NE | CR0_PG;
        cpu.cr3 = PAGE_TABLES;
        cpu.cr4 = CR4_PAE;
        cpu.efer = EFER_LME | EFER_LMA;
        cpu.gdtBase = GDT;
        cpu.gdtLimit = DATA + 7;
        cpu.idtBase = 0;
        cpu.idtLimit = 0;
        for (int segment = 0; segment <= CpuState.GS; segment++) {
            cpu.segments[segment].set(DATA, 0, 0xFFFF_FFFFL, DATA_ACCESS);
        }
        cpu.segments[CpuState.CS].set(CODE, 0, 0xFFFF_FFFFL, CODE_ACCESS);
        cpu.segments[CpuState.LDTR].set(0, 0, 0, UNUSABLE | 0x82);
        cpu.segments[CpuState.TR].set(0, 0, 0x67, BUSY_TSS_ACCESS);
        cpu.halted = false;
        cpu.waitForSipi = false;
    }
}
