package oriel.hypervisor.cpu.emulated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import oriel.hypervisor.cpu.CpuExit;
import oriel.hypervisor.cpu.CpuState;

/**
 * Runs cases (some bytes of code with everything they work on) at privilege level 3 on the host's processor and, decoder
 * and all, on ours, and says what differs: registers, flags, memory, floating-point state; at a fault its vector and
 * address too. The test is skipped where there is no x86-64 host with a C compiler.
 */
final class NativeRunner {
    static final int CODE_SIZE = 64, DATA_SIZE = 512;
    static final long CODE = 0x1000_0000L;

    /** The data end at the end of a page; nothing is behind it. */
    static final long DATA = 0x2000_1000L - DATA_SIZE;

    private static final int IMAGE = 512;
    private static final int SIGILL = 4, SIGTRAP = 5, SIGFPE = 8, SIGSEGV = 11, SIGBUS = 7;
    private static final long DATA_PHYSICAL = 0x51_0000, HANDLERS = 0x53_0000, FRAME_TOP = 0x56_1000;

    private final Path directory;

    NativeRunner(Path directory) {
        this.directory = directory;
    }

    /**
     * What is run.
     *
     * @param code {@link #CODE_SIZE} bytes
     * @param floating an image of FXSAVE64, or null for the state after FNINIT
     * @param definedFlags those that are compared
     */
    @SuppressWarnings("ArrayRecordComponent") // compared field by field
    record Case(
            byte[] code,
            int length,
            long[] registers,
            long flags,
            byte[] data,
            byte @Nullable [] floating,
            int definedFlags) {
        String describe() {
            return HexFormat.ofDelimiter(" ").formatHex(code, 0, length);
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // compared field by field
    private record Result(int vector, long rip, long[] registers, long flags, byte[] data, byte[] floating) {}

    /** Fails with the first differences. */
    void assertSame(List<Case> cases) throws IOException, InterruptedException {
        List<String> wrong = differences(cases);
        assertThat(wrong.stream().limit(40))
                .as("%d of %d cases differ", wrong.size(), cases.size())
                .isEmpty();
    }

    /** What differs, interpreted or translated, one text for each case that does. */
    private List<String> differences(List<Case> cases) throws IOException, InterruptedException {
        List<Result> expected = runNatively(cases);
        List<String> wrong = new ArrayList<>();
        for (TranslationPolicy policy : List.of(TranslationPolicy.NEVER, TranslationPolicy.EVERYTHING)) {
            try (TestMachine machine = TestMachine.longMode(true, policy)) {
                prepare(machine);
                for (int i = 0; i < cases.size(); i++) {
                    Case c = cases.get(i);
                    String difference = difference(c, expected.get(i), emulate(machine, c));
                    if (difference != null) {
                        wrong.add("%s%s: %s".formatted(c.describe(), translated(policy), difference));
                    }
                }
            }
        }
        return wrong;
    }

    private static String translated(TranslationPolicy policy) {
        return policy.equals(TranslationPolicy.NEVER) ? "" : ", translated";
    }

    private static @Nullable String difference(Case c, Result want, Result got) {
        if (want.vector != got.vector) {
            return "vector " + got.vector + " instead of " + want.vector;
        }
        if (want.rip != got.rip) {
            return "stopped at %x instead of %x".formatted(got.rip, want.rip);
        }
        for (int i = 0; i < 16; i++) {
            if (want.registers[i] != got.registers[i]) {
                return "register %d is %x instead of %x; from %x, flags in %x"
                        .formatted(i, got.registers[i], want.registers[i], c.registers[i], c.flags);
            }
        }
        long flags = (want.flags ^ got.flags) & (c.definedFlags | Flags.DF | CpuContext.NT | CpuContext.ID);
        if (flags != 0) {
            return "flags %x instead of %x, wrong %x, in %x, rax %x rcx %x rdx %x"
                    .formatted(got.flags, want.flags, flags, c.flags, c.registers[0], c.registers[1], c.registers[2]);
        }
        for (int i = 0; i < DATA_SIZE; i++) {
            if (want.data[i] != got.data[i]) {
                return "data[%x] is %x instead of %x, from %x".formatted(i, got.data[i], want.data[i], c.data[i]);
            }
        }
        String floating = RecordComparison.floatingDifferences(wrap(want.floating), wrap(got.floating), 0);
        return floating.isEmpty() ? null : floating;
    }

    private static ByteBuffer wrap(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static byte[] image(Case c) {
        if (c.floating != null) {
            return c.floating;
        }
        byte[] image = new byte[IMAGE];
        wrap(image).putShort(0, (short) 0x37F).putInt(24, 0x1F80);
        return image;
    }

    // ---- emulated ---------------------------------------------------------------------------------------------------

    /** Maps the runner's addresses, and an IDT whose handlers halt on a stack of their own. */
    private static void prepare(TestMachine machine) {
        long tables = 0x40_0000;
        machine.memory.write(TestMachine.TABLES + 0x1000, 8, TestMachine.TABLES + 0x2000 | 7);
        map(machine, tables, CODE, 0x50_0000);
        map(machine, tables + 0x1000, DATA, DATA_PHYSICAL);
        long idt = 0x52_0000;
        for (int vector = 0; vector < 32; vector++) {
            long handler = HANDLERS + vector * 16L;
            long type = vector == GuestFault.BP || vector == GuestFault.OF ? 0xEE01L : 0x8E01L;
            machine.memory.write(
                    idt + vector * 16L, 8, handler & 0xFFFF | 0x10L << 16 | type << 32 | (handler >> 16) << 48);
            machine.memory.write(idt + vector * 16L + 8, 8, 0);
            machine.memory.write(handler, 1, 0xF4);
        }
        machine.memory.write(0x54_0010, 8, 0x00AF_9B00_0000_FFFFL);
        machine.memory.write(0x54_0018, 8, 0x00CF_9300_0000_FFFFL);
        machine.memory.write(0x55_0024, 8, FRAME_TOP); // IST1
        machine.memory.write(0x55_0066, 2, 0xFFFF); // no port is allowed
        CpuState state = machine.state;
        state.gdtBase = 0x54_0000;
        state.gdtLimit = 0x1F;
        state.idtBase = idt;
        state.idtLimit = 32 * 16 - 1;
        state.segments[CpuState.TR].set(0x20, 0x55_0000, 0x67, 0x8B);
    }

    private static void map(TestMachine machine, long table, long linear, long physical) {
        machine.memory.write(TestMachine.TABLES + 0x2000 + (linear >> 21) * 8, 8, table | 7);
        machine.memory.write(table, 8, physical | 7);
    }

    private static Result emulate(TestMachine machine, Case c) {
        long data = DATA_PHYSICAL | DATA & 0xFFF;
        machine.memory.write(0x50_0000, c.code, 0, CODE_SIZE);
        machine.memory.write(0x50_0000 + CODE_SIZE, 1, 0xF4); // not allowed here: faults, which ends the case
        machine.memory.write(data, c.data, 0, DATA_SIZE);
        CpuState state = machine.state;
        state.segments[CpuState.CS].set(0x33, 0, 0xFFFF_FFFFL, 0xA0FB);
        state.segments[CpuState.SS].set(0x2B, 0, 0xFFFF_FFFFL, 0xC0F3);
        System.arraycopy(c.registers, 0, state.gpr, 0, 16);
        ByteBuffer image = wrap(image(c));
        EmulatedRecord.loadFloating(state, image, 0);
        state.rflags = c.flags | 0x202;
        state.rip = CODE;
        state.halted = false;
        CpuExit exit = machine.cpu.run(10_000);
        assertThat(exit).as(c.describe()).isEqualTo(CpuExit.HALTED);
        int vector = (int) (state.rip - HANDLERS) / 16;
        long rip = frame(machine, -40);
        long[] registers = state.gpr.clone();
        registers[CpuState.RSP] = frame(machine, -16);
        if (vector == GuestFault.GP && rip == CODE + CODE_SIZE) {
            vector = -1;
            rip = 0;
        }
        byte[] result = new byte[DATA_SIZE];
        machine.memory.read(data, result, 0, DATA_SIZE);
        byte[] floating = new byte[IMAGE];
        EmulatedRecord.storeFloating(state, wrap(floating), 0);
        return new Result(vector, rip, registers, frame(machine, -24), result, floating);
    }

    private static long frame(TestMachine machine, int offset) {
        return machine.memory.read(FRAME_TOP + offset, 8);
    }

    // ---- native -----------------------------------------------------------------------------------------------------

    private List<Result> runNatively(List<Case> cases) throws IOException, InterruptedException {
        Path runner = compileRunner();
        Path input = directory.resolve("cases");
        Path output = directory.resolve("results");
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(input))) {
            for (Case c : cases) {
                out.write(c.code);
                ByteBuffer state = ByteBuffer.allocate(136).order(ByteOrder.LITTLE_ENDIAN);
                for (long register : c.registers) {
                    state.putLong(register);
                }
                state.putLong(c.flags | 0x202);
                out.write(state.array());
                out.write(c.data);
                out.write(image(c));
            }
        }
        Process process = new ProcessBuilder(runner.toString())
                .redirectInput(input.toFile())
                .redirectOutput(output.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        boolean ended = process.waitFor(60, TimeUnit.SECONDS);
        process.destroyForcibly();
        assertThat(ended).as("the host's processor is through in a minute").isTrue();
        List<Result> results = new ArrayList<>();
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(Files.newInputStream(output)))) {
            for (Case c : cases) {
                results.add(readResult(in, c));
            }
        }
        return results;
    }

    private static Result readResult(DataInputStream in, Case c) throws IOException {
        byte[] bytes = in.readNBytes(160);
        assertThat(bytes).as("native result of " + c.describe()).hasSize(160);
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int signal = (int) buffer.getLong();
        int trap = (int) buffer.getLong();
        int vector = switch (signal) {
            case 0 -> -1;
            case SIGILL -> GuestFault.UD;
            case SIGFPE, SIGSEGV, SIGBUS, SIGTRAP -> trap;
            default -> 99;
        };
        long rip = buffer.getLong();
        long[] registers = new long[16];
        for (int i = 0; i < 16; i++) {
            registers[i] = buffer.getLong();
        }
        return new Result(vector, rip, registers, buffer.getLong(), in.readNBytes(DATA_SIZE), in.readNBytes(IMAGE));
    }

    private Path compileRunner() throws IOException, InterruptedException {
        assumeTrue(System.getProperty("os.arch").equals("amd64"), "needs an x86-64 host");
        Path source = directory.resolve("runner.c");
        Path runner = directory.resolve("runner");
        try (InputStream in = NativeRunner.class.getResourceAsStream("native-runner.c")) {
            Files.copy(in, source, StandardCopyOption.REPLACE_EXISTING);
        }
        int status;
        try {
            status = new ProcessBuilder("gcc", "-O1", "-no-pie", "-o", runner.toString(), source.toString())
                    .inheritIO()
                    .start()
                    .waitFor();
        } catch (IOException e) {
            status = -1;
        }
        assumeTrue(status == 0, "needs gcc");
        return runner;
    }
}
