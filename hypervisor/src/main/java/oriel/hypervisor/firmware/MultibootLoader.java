package oriel.hypervisor.firmware;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.memory.GuestMemory;

/**
 * Starts a Multiboot kernel without firmware (Multiboot Specification 0.6.96 §3.2, §3.3): 32-bit protected mode, no
 * paging, the information structure in EBX.
 *
 * @param kernel what to start
 * @param module passed on as the only module if it isn't empty
 * @param commandLine as the kernel sees it; by convention its first word is the kernel's name
 */
public record MultibootLoader(MultibootKernel kernel, Initrd module, String commandLine) {
    // Low memory, behind the BIOS data area.
    private static final int GDT = 0x500, INFORMATION = 0x1000, MODULES = 0x1100, MAP = 0x1200, COMMAND_LINE = 0x1400;
    private static final int LONGEST_COMMAND_LINE = 0x2C00, LOWEST_KERNEL = 0x4000, EBDA = 0x9FC00;
    private static final long HIGH_MEMORY = 0x10_0000;

    private static final int BOOTED_BY_MULTIBOOT = 0x2BADB002;
    private static final int HAS_MEMORY = 1, HAS_COMMAND_LINE = 1 << 2, HAS_MODULES = 1 << 3, HAS_MAP = 1 << 6;
    private static final int RAM = 1, RESERVED = 2;
    private static final int CODE = 0x08, DATA = 0x10;
    private static final long CODE_DESCRIPTOR = 0x00CF_9B00_0000_FFFFL, DATA_DESCRIPTOR = 0x00CF_9300_0000_FFFFL;
    private static final int CODE_ACCESS = 0xC09B, DATA_ACCESS = 0xC093, LDT_ACCESS = 0x1_0082, TSS_ACCESS = 0x8B;

    /**
     * Fills memory and sets the boot processor's state. Tell the processor by
     * {@link oriel.hypervisor.cpu.Vcpu#stateChanged}.
     *
     * @throws FirmwareException if the kernel doesn't fit into the memory
     */
    public void load(GuestMemory memory, CpuState cpu) {
        long lowRam = Math.min(memory.ramSize(), GuestMemory.LOW_LIMIT);
        long moduleAt = kernel.end() + 0xFFF & -0x1000;
        if (kernel.start() < LOWEST_KERNEL || moduleAt + module.size() > lowRam) {
            throw new FirmwareException(
                    "the kernel doesn't fit into %d MiB of memory: it needs the addresses %#x to %#x"
                            .formatted(lowRam >> 20, kernel.start(), moduleAt + module.size()));
        }
        kernel.writeTo(memory);
        module.writeTo(memory, moduleAt);
        byte[] line = commandLine.getBytes(StandardCharsets.UTF_8);
        if (line.length >= LONGEST_COMMAND_LINE) {
            throw new FirmwareException("the kernel command line has %d bytes: shorten it".formatted(line.length));
        }
        memory.write(COMMAND_LINE, Arrays.copyOf(line, line.length + 1), 0, line.length + 1);
        writeInformation(memory, lowRam, moduleAt);
        memory.write(GDT, 8, 0);
        memory.write(GDT + CODE, 8, CODE_DESCRIPTOR);
        memory.write(GDT + DATA, 8, DATA_DESCRIPTOR);
        enter(cpu);
    }

    private void writeInformation(GuestMemory memory, long lowRam, long moduleAt) {
        boolean hasModule = module.size() > 0;
        byte[] entries = new byte[128];
        int mapSize = writeMap(ByteBuffer.wrap(entries), lowRam, memory.ramSize() - lowRam);
        ByteBuffer information = ByteBuffer.allocate(120).order(ByteOrder.LITTLE_ENDIAN);
        information.putInt(0, HAS_MEMORY | HAS_COMMAND_LINE | HAS_MAP | (hasModule ? HAS_MODULES : 0));
        information.putInt(4, EBDA >> 10);
        information.putInt(8, (int) (lowRam - HIGH_MEMORY >> 10));
        information.putInt(16, COMMAND_LINE);
        information.putInt(20, hasModule ? 1 : 0);
        information.putInt(24, MODULES);
        information.putInt(44, mapSize);
        information.putInt(48, MAP);
        memory.write(INFORMATION, information.array(), 0, information.capacity());
        ByteBuffer modules = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
        modules.putInt((int) moduleAt).putInt((int) moduleAt + module.size()).putInt(COMMAND_LINE);
        memory.write(MODULES, modules.array(), 0, modules.capacity());
        memory.write(MAP, entries, 0, mapSize);
    }

    /** Returns the bytes written. */
    private static int writeMap(ByteBuffer map, long lowRam, long highRam) {
        map.order(ByteOrder.LITTLE_ENDIAN);
        range(map, 0, EBDA, RAM);
        range(map, EBDA, 0xA0000 - EBDA, RESERVED);
        range(map, HIGH_MEMORY, lowRam - HIGH_MEMORY, RAM);
        if (highRam > 0) {
            range(map, GuestMemory.HIGH_BASE, highRam, RAM);
        }
        return map.position();
    }

    /** An entry's size field doesn't count itself. */
    private static void range(ByteBuffer map, long start, long size, int type) {
        map.putInt(20).putLong(start).putLong(size).putInt(type);
    }

    private void enter(CpuState cpu) {
        Arrays.fill(cpu.gpr, 0);
        cpu.gpr[CpuState.RAX] = BOOTED_BY_MULTIBOOT;
        cpu.gpr[CpuState.RBX] = INFORMATION;
        cpu.rip = kernel.entry();
        cpu.rflags = 2;
        cpu.cr0 = 0x11; // PE, ET
        cpu.cr3 = 0;
        cpu.cr4 = 0;
        cpu.efer = 0;
        cpu.gdtBase = GDT;
        cpu.gdtLimit = DATA + 7;
        cpu.idtBase = 0;
        cpu.idtLimit = 0;
        for (int segment = 0; segment <= CpuState.GS; segment++) {
            cpu.segments[segment].set(DATA, 0, 0xFFFF_FFFFL, DATA_ACCESS);
        }
        cpu.segments[CpuState.CS].set(CODE, 0, 0xFFFF_FFFFL, CODE_ACCESS);
        cpu.segments[CpuState.LDTR].set(0, 0, 0, LDT_ACCESS);
        cpu.segments[CpuState.TR].set(0, 0, 0xFFFF, TSS_ACCESS);
        cpu.halted = false;
        cpu.waitForSipi = false;
    }
}
