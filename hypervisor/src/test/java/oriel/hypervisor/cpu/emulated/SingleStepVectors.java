package oriel.hypervisor.cpu.emulated;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import oriel.hypervisor.cpu.CpuExit;
import oriel.hypervisor.cpu.CpuState;

/**
 * Runs SingleStepTests' vectors in real mode. They come of an 8086 and an 80286, this is an x86-64 processor: what these
 * do in another way is left out by rule, and flags that Intel's manual leaves undefined are not compared.
 */
final class SingleStepVectors implements AutoCloseable {
    private static final int CF = 1, PF = 4, AF = 0x10, ZF = 0x40, SF = 0x80, TF = 0x100, OF = 0x800;
    /** {@link #run}'s answer where an 8086 reads a word at offset FFFFh and 0, and others fault. */
    static final String WRAPS = "words at offset FFFFh wrap around there";

    private static final int COMPARED = 0x0FD5;
    private static final int HLT = 0xF4;
    private static final int[] GENERAL = {
        CpuState.RAX,
        CpuState.RBX,
        CpuState.RCX,
        CpuState.RDX,
        -1,
        -1,
        -1,
        -1,
        CpuState.RSP,
        CpuState.RBP,
        CpuState.RSI,
        CpuState.RDI
    };
    private static final int[] SEGMENT = {CpuState.CS, CpuState.SS, CpuState.DS, CpuState.ES};
    private static final String[] NAMES = {
        "ax", "bx", "cx", "dx", "cs", "ss", "ds", "es", "sp", "bp", "si", "di", "ip", "flags"
    };

    /**
     * Undefined flags (Intel SDM 2, "Flags affected" of each instruction), by opcode, with the digit of ModRM where
     * there is one. Rotations leave SF, ZF, AF and PF alone; OF is undefined if the count isn't 1. DIV leaves all six
     * undefined.
     */
    private static final Map<String, Integer> UNDEFINED = new HashMap<>();

    /** What the 8086 does in another way, by opcode; decimal adjustments do so with what isn't decimal. */
    private static final Set<String> OTHER_ON_8086 = Set.of(
            "0F", "54", "60", "61", "62", "63", "64", "65", "66", "67", "68", "69", "6A", "6B", "6C", "6D", "6E", "6F",
            "C0", "C1", "C8", "C9", "D0.6", "D1.6", "D2.6", "D3.6", "D8", "D9", "DA", "DB", "DC", "DD", "DE", "DF",
            "F1", "FF.7", "9B", "F4", "27", "2F", "37", "3F");

    private static final Set<String> ONLY_ZERO = Set.of("8F", "C6", "C7");

    /** What the 80286 does in another way: FPU opcodes without an FPU, and what only its successors know. */
    private static final Set<String> OTHER_ON_80286 =
            Set.of("D8", "D9", "DA", "DB", "DC", "DD", "DE", "DF", "9B", "F1", "64", "65", "66", "67");

    private static final Set<String> STRINGS =
            Set.of("6C", "6D", "6E", "6F", "A4", "A5", "A6", "A7", "AA", "AB", "AC", "AD", "AE", "AF");
    private static final Set<String> MISRECORDED = Set.of("CD.2044", "CE.1193", "FF.3.1141");
    private static final Set<String> FAR_POINTERS = Set.of("62", "C4", "C5", "FF.3", "FF.5");

    static {
        for (String logic : new String[] {"08", "20", "30"}) {
            for (int i = 0; i < 6; i++) {
                UNDEFINED.put("%02X".formatted(Integer.parseInt(logic, 16) + i), AF);
            }
        }
        for (String logic : new String[] {"84", "85", "A8", "A9", "F6.0", "F6.1", "F7.0", "F7.1"}) {
            UNDEFINED.put(logic, AF);
        }
        for (String group : new String[] {"80", "81", "82", "83"}) {
            for (int digit : new int[] {1, 4, 6}) {
                UNDEFINED.put(group + "." + digit, AF);
            }
        }
        for (String shift : new String[] {"C0", "C1", "D0", "D1", "D2", "D3"}) {
            int overflow = shift.startsWith("D") && shift.charAt(1) < '2' ? 0 : OF;
            for (int digit = 0; digit < 8; digit++) {
                // Shifts by more than the operand has bits leave CF undefined (SHL, SHR).
                UNDEFINED.put(shift + "." + digit, digit < 4 ? overflow : overflow | AF | (overflow == 0 ? 0 : CF));
            }
        }
        for (String multiply : new String[] {"F6.4", "F6.5", "F7.4", "F7.5", "69", "6B"}) {
            UNDEFINED.put(multiply, SF | ZF | AF | PF);
        }
        for (String divide : new String[] {"F6.6", "F6.7", "F7.6", "F7.7"}) {
            UNDEFINED.put(divide, CF | PF | AF | ZF | SF | OF);
        }
        UNDEFINED.put("27", OF);
        UNDEFINED.put("2F", OF);
        UNDEFINED.put("37", OF | SF | ZF | PF);
        UNDEFINED.put("3F", OF | SF | ZF | PF);
        UNDEFINED.put("D4", OF | AF | CF);
        UNDEFINED.put("D5", OF | AF | CF);
    }

    private final TestMachine machine = TestMachine.realMode();
    private final byte[] halts = new byte[0x11_0000];

    SingleStepVectors() {
        Arrays.fill(halts, (byte) HLT);
        machine.memory.write(0, halts, 0, halts.length);
    }

    /** Why a vector isn't run; empty if it is. */
    static Optional<String> exclusion(String processor, String opcode, MooFile.Vector vector) {
        boolean old = processor.startsWith("80");
        if ((old ? OTHER_ON_8086 : OTHER_ON_80286).contains(opcode)) {
            return Optional.of("another instruction there");
        }
        if (((vector.initial()[MooFile.FLAGS] | vector.last()[MooFile.FLAGS]) & TF) != 0) {
            return Optional.of("single step");
        }
        int prefixes = 0;
        for (byte b : vector.bytes()) {
            int value = b & 0xFF;
            if (value == 0xF0) {
                return Optional.of("LOCK, allowed elsewhere there");
            }
            if (value != 0x26 && value != 0x2E && value != 0x36 && value != 0x3E && value != 0xF2 && value != 0xF3) {
                break;
            }
            prefixes++;
            if (old && value >= 0xF2 && (opcode.startsWith("F6") || opcode.startsWith("F7"))) {
                return Optional.of("REP, which changes the sign there");
            }
        }
        if (!old && (prefixes > 3 || vector.bytes().length > 11)) {
            return Optional.of("longer than ten bytes");
        }
        int end = (vector.last()[MooFile.CS] << 4) + (vector.last()[MooFile.IP] - (old ? 0 : 1) & 0xFFFF);
        int start = (vector.initial()[MooFile.CS] << 4) + vector.initial()[MooFile.IP];
        if (end >= start && end < start + vector.bytes().length - (old ? 0 : 1)) {
            return Optional.of("jumps into itself: no place to stop at");
        }
        if (!old) {
            Optional<String> other = exclusionOn80286(opcode, vector);
            if (other.isPresent()) {
                return other;
            }
        }
        if (old) {
            int digit = vector.bytes()[prefixes + 1 < vector.bytes().length ? prefixes + 1 : 0] >> 3 & 7;
            boolean alias =
                    opcode.equals("8C") || opcode.equals("8E") ? digit > 3 : ONLY_ZERO.contains(opcode) && digit > 0;
            if (alias) {
                return Optional.of("undefined forms are others' aliases there");
            }
            if (opcode.equals("FF.6") && (vector.bytes()[prefixes + 1] & 0xFF) == 0xF4) {
                return Optional.of("PUSH SP pushes the new value there");
            }
            boolean inCode = prefixes > 0 && vector.bytes()[0] == 0x2E && prefixes + 1 < vector.bytes().length;
            if (inCode && (offset(vector) - vector.initial()[MooFile.IP] & 0xFFFF) < 8) {
                return Optional.of("the operand is where the stop has to be");
            }
            if (vector.initial()[MooFile.IP] > 0xFFF0) {
                return Optional.of("instructions wrap around the segment's end there");
            }
            for (int segment = MooFile.CS; segment <= MooFile.ES; segment++) {
                if (vector.initial()[segment] > 0xF000 || vector.last()[segment] > 0xF000) {
                    return Optional.of("addresses end at 1 MiB there");
                }
            }
            boolean shift = opcode.startsWith("D2") || opcode.startsWith("D3");
            if (shift && (vector.initial()[MooFile.CX] & 0xE0) != 0) {
                return Optional.of("shift counts aren't masked there");
            }
            if (vector.last()[MooFile.CS] == 0 && vector.last()[MooFile.IP] == 0x400 && !opcode.startsWith("CD")) {
                return Optional.of("division errors return behind the instruction there");
            }
        }
        return Optional.empty();
    }

    private static Optional<String> exclusionOn80286(String opcode, MooFile.Vector vector) {
        boolean general = vector.exception() == GuestFault.GP;
        if (STRINGS.contains(opcode) && general) {
            return Optional.of("strings that fault have moved on there");
        }
        if (opcode.equals("8F") && general) {
            return Optional.of("POP that faults has moved the stack there");
        }
        if ((opcode.equals("F6.7") || opcode.equals("F7.7")) && vector.exception() < 0) {
            int quotient = opcode.equals("F7.7") ? 0x8000 : 0x80;
            if ((vector.last()[MooFile.AX] & 2 * quotient - 1) == quotient) {
                return Optional.of("IDIV doesn't notice some quotients that are too large there");
            }
        }
        if (FAR_POINTERS.contains(opcode) && vector.exception() != GuestFault.UD) {
            int offset = offset(vector);
            if (offset == 0xFFFD || offset == 0xFFFE) {
                return Optional.of("operands of four bytes wrap around there");
            }
        }
        if ((opcode.equals("8C") || opcode.equals("8E")) && vector.name().matches(".*\\b[fg]s\\b.*")) {
            return Optional.of("no FS and GS there");
        }
        if (MISRECORDED.contains(opcode + "." + vector.index())) {
            return Optional.of("pushes SS for CS, in one vector of thousands: taken for a mistake of the recording");
        }
        return Optional.empty();
    }

    /** Effective address of the instruction's memory operand, -1 if it has none. */
    private static int offset(MooFile.Vector vector) {
        byte[] bytes = vector.bytes();
        int at = 0;
        while (bytes[at] == 0x26 || bytes[at] == 0x2E || bytes[at] == 0x36 || bytes[at] == 0x3E) {
            at++;
        }
        int modrm = bytes[at + 1] & 0xFF;
        int[] r = vector.initial();
        if (modrm >= 0xC0) {
            return -1;
        }
        int base = switch (modrm & 7) {
            case 0 -> r[MooFile.BX] + r[MooFile.SI];
            case 1 -> r[MooFile.BX] + r[MooFile.DI];
            case 2 -> r[MooFile.BP] + r[MooFile.SI];
            case 3 -> r[MooFile.BP] + r[MooFile.DI];
            case 4 -> r[MooFile.SI];
            case 5 -> r[MooFile.DI];
            case 6 -> modrm < 0x40 ? 0 : r[MooFile.BP];
            default -> r[MooFile.BX];
        };
        boolean word = modrm >= 0x80 || modrm < 0x40 && (modrm & 7) == 6;
        if (at + (word ? 4 : modrm >= 0x40 ? 3 : 2) > bytes.length) {
            return -1; // an opcode without ModRM
        }
        int displacement = word ? bytes[at + 2] & 0xFF | bytes[at + 3] << 8 : modrm >= 0x40 ? bytes[at + 2] : 0;
        return base + displacement & 0xFFFF;
    }

    /**
     * Runs one.
     *
     * @return what differs, empty if nothing does
     */
    String run(String processor, String opcode, MooFile.Vector vector) {
        boolean old = processor.startsWith("80");
        int[] initial = vector.initial();
        int[] last = vector.last().clone();
        int length = vector.bytes().length - (old ? 0 : 1); // behind it is a HLT there
        int start = (initial[MooFile.CS] << 4) + initial[MooFile.IP];
        if (old) {
            last[MooFile.IP] = last[MooFile.IP] + 1 & 0xFFFF;
        }
        int end = (last[MooFile.CS] << 4) + (last[MooFile.IP] - 1 & 0xFFFF);
        Map<Integer, Integer> before = new HashMap<>(vector.before());
        Map<Integer, Integer> after = new HashMap<>(vector.after());
        if (old) {
            before.put(start + length, HLT);
            after.remove(start + length, 0x90);
        }
        if (vector.exception() == GuestFault.GP) {
            // Operands beyond SS's limit are 12 (#SS) since the 80386, 13 before.
            for (int i = 0; i < 4; i++) {
                before.put(GuestFault.SS * 4 + i, before.getOrDefault(GuestFault.GP * 4 + i, HLT));
            }
        }
        before.put(end, HLT);
        after.remove(end, 0x90);
        before.forEach((address, value) -> machine.memory.write(address, 1, value));
        load(initial);
        CpuExit exit = machine.cpu.run(2000);
        boolean unlistedVector = actual(MooFile.CS) == 0xF4F4 && actual(MooFile.IP) == 0xF4F5;
        if (old && (unlistedVector || exit == CpuExit.SHUTDOWN)) {
            machine.memory.write(0, halts, 0, halts.length);
            machine.cpu.stateChanged();
            return WRAPS;
        }
        StringBuilder text = new StringBuilder();
        if (exit != CpuExit.HALTED) {
            text.append(' ').append(exit);
        }
        int undefined = undefined(opcode, vector);
        for (int i = 0; i < MooFile.REGISTERS; i++) {
            long mask = i == MooFile.FLAGS ? COMPARED & ~undefined : -1L;
            if ((actual(i) & mask) != (last[i] & mask)) {
                text.append(" %s %x, not %x".formatted(NAMES[i], actual(i) & mask, last[i] & mask));
            }
        }
        Map<Integer, Integer> expected = new HashMap<>(before);
        expected.putAll(after);
        expected.put(end, (int) machine.memory.read(end, 1)); // ours
        expected.forEach((address, value) -> {
            int mask = flagsMask(address, opcode, vector, undefined, old);
            if ((machine.memory.read(address, 1) & mask) != (value & mask)) {
                text.append(" [%x] %x, not %x".formatted(address, machine.memory.read(address, 1), value));
            }
        });
        expected.keySet().forEach(address -> machine.memory.write(address, 1, HLT));
        if (!text.isEmpty()) {
            machine.memory.write(0, halts, 0, halts.length); // it may have written anywhere
            machine.cpu.stateChanged();
        }
        return text.toString();
    }

    private static int undefined(String opcode, MooFile.Vector vector) {
        if (opcode.equals("D4") && vector.exception() == GuestFault.DE) {
            return CF | PF | AF | ZF | SF | OF;
        }
        boolean byOne = opcode.startsWith("D2") || opcode.startsWith("D3")
                ? (vector.initial()[MooFile.CX] & 0x1F) <= 1
                : (opcode.startsWith("C0") || opcode.startsWith("C1"))
                        && (vector.bytes()[vector.bytes().length - 2] & 0x1F) <= 1;
        int undefined = UNDEFINED.getOrDefault(opcode, 0);
        return byOne ? undefined & AF : undefined;
    }

    /** Of a byte in memory: pushed flags may be undefined, and those above OF are others on each processor. */
    private static int flagsMask(int address, String opcode, MooFile.Vector vector, int undefined, boolean old) {
        int[] last = vector.last();
        int above;
        if (opcode.equals("9C")) {
            above = 0;
        } else if (vector.exception() >= 0
                || old && (opcode.equals("CC") || opcode.equals("CD") || opcode.equals("CE"))) {
            above = 4;
        } else {
            return 0xFF;
        }
        int flagsAt = (last[MooFile.SS] << 4) + (last[MooFile.SP] + above & 0xFFFF);
        int mask = COMPARED & ~undefined;
        return address == flagsAt ? mask & 0xFF : address == flagsAt + 1 ? mask >> 8 : 0xFF;
    }

    private void load(int[] registers) {
        CpuState state = machine.state;
        state.halted = false;
        Arrays.fill(state.gpr, 0);
        for (int i = 0; i < GENERAL.length; i++) {
            if (GENERAL[i] >= 0) {
                state.gpr[GENERAL[i]] = registers[i];
            }
        }
        for (int i = 0; i < SEGMENT.length; i++) {
            int selector = registers[MooFile.CS + i];
            state.segments[SEGMENT[i]].set(selector, (long) selector << 4, 0xFFFF, i == 0 ? 0x9B : 0x93);
        }
        state.rip = registers[MooFile.IP];
        state.rflags = registers[MooFile.FLAGS] & COMPARED | 2;
    }

    private long actual(int register) {
        CpuState state = machine.state;
        return switch (register) {
            case MooFile.CS, MooFile.SS, MooFile.DS, MooFile.ES ->
                state.segments[SEGMENT[register - MooFile.CS]].selector;
            case MooFile.IP -> state.rip & 0xFFFF; // a HLT at FFFFh
            case MooFile.FLAGS -> state.rflags;
            default -> state.gpr[GENERAL[register]];
        };
    }

    @Override
    public void close() {
        machine.close();
    }
}
