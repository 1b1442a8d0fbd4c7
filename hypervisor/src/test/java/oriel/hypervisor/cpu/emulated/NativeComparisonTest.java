package oriel.hypervisor.cpu.emulated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

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
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import oriel.hypervisor.cpu.CpuExit;
import oriel.hypervisor.cpu.CpuState;

/**
 * User-mode integer instructions give what the host's processor gives. Skipped where there is no x86-64 host with a C
 * compiler. Flags that Intel's manual leaves undefined are masked, instruction by instruction.
 */
class NativeComparisonTest {
    private static final int CODE_SIZE = 64, DATA_SIZE = 512;
    private static final long CODE = 0x1000_0000L, DATA = 0x2000_0000L;

    /** What a signal of the host says about the vector of the fault. */
    private static final int SIGILL = 4, SIGFPE = 8, SIGSEGV = 11, SIGBUS = 7;

    @TempDir
    Path directory;

    @SuppressWarnings("ArrayRecordComponent") // compared field by field
    record Case(byte[] code, int length, long[] registers, long flags, byte[] data, int definedFlags) {
        String describe() {
            return HexFormat.ofDelimiter(" ").formatHex(code, 0, length);
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // compared field by field
    record Result(int vector, long[] registers, long flags, byte[] data) {}

    @Test
    void singleInstructions() throws Exception {
        compare(new InstructionGenerator(new Random(1)).singles(20_000));
    }

    @Test
    void sequences() throws Exception {
        compare(new InstructionGenerator(new Random(2)).sequences(6_000));
    }

    private void compare(List<Case> cases) throws Exception {
        List<Result> expected = runNatively(cases);
        List<String> wrong = new ArrayList<>();
        try (TestMachine machine = TestMachine.longMode(false)) {
            prepare(machine);
            for (int i = 0; i < cases.size(); i++) {
                Case c = cases.get(i);
                String difference = difference(c, expected.get(i), emulate(machine, c));
                if (difference != null) {
                    wrong.add(c.describe() + ": " + difference);
                }
            }
        }
        assertThat(wrong.stream().limit(40))
                .as("%d of %d cases differ", wrong.size(), cases.size())
                .isEmpty();
    }

    private static String difference(Case c, Result want, Result got) {
        if (want.vector != got.vector) {
            return "vector " + got.vector + " instead of " + want.vector;
        }
        for (int i = 0; i < 16; i++) {
            if (want.registers[i] != got.registers[i] && !(i == CpuState.RSP && want.vector >= 0)) {
                return "register %d is %x instead of %x; from %x, flags in %x"
                        .formatted(i, got.registers[i], want.registers[i], c.registers[i], c.flags);
            }
        }
        if (want.vector >= 0) {
            return null;
        }
        long flags = (want.flags ^ got.flags) & (c.definedFlags | Flags.DF);
        if (flags != 0) {
            return "flags %x instead of %x, wrong %x, in %x, rax %x rcx %x"
                    .formatted(got.flags & 0xFFF, want.flags & 0xFFF, flags, c.flags, c.registers[0], c.registers[1]);
        }
        for (int i = 0; i < DATA_SIZE; i++) {
            if (want.data[i] != got.data[i]) {
                return "data[%x] is %x instead of %x".formatted(i, got.data[i], want.data[i]);
            }
        }
        return null;
    }

    // ---- emulated ---------------------------------------------------------------------------------------------------

    /** Maps the runner's addresses, and an IDT whose handlers halt. */
    private static void prepare(TestMachine machine) {
        long tables = 0x40_0000;
        machine.memory.write(TestMachine.TABLES + 0x1000, 8, TestMachine.TABLES + 0x2000 | 7);
        map(machine, tables, CODE, 0x50_0000);
        map(machine, tables + 0x1000, DATA, 0x51_0000);
        long idt = 0x52_0000;
        long handlers = 0x53_0000;
        for (int vector = 0; vector < 32; vector++) {
            long handler = handlers + vector * 16L;
            machine.memory.write(
                    idt + vector * 16L, 8, handler & 0xFFFF | 0x10L << 16 | 0x8E00L << 32 | (handler >> 16) << 48);
            machine.memory.write(idt + vector * 16L + 8, 8, 0);
            machine.memory.write(handler, 1, 0xF4);
        }
        machine.memory.write(0x54_0010, 8, 0x00AF_9B00_0000_FFFFL);
        machine.memory.write(0x54_0018, 8, 0x00CF_9300_0000_FFFFL);
        machine.state.gdtBase = 0x54_0000;
        machine.state.gdtLimit = 0x1F;
        machine.state.idtBase = idt;
        machine.state.idtLimit = 32 * 16 - 1;
    }

    private static void map(TestMachine machine, long table, long linear, long physical) {
        machine.memory.write(TestMachine.TABLES + 0x2000 + (linear >> 21) * 8, 8, table | 7);
        machine.memory.write(table, 8, physical | 7);
    }

    private static Result emulate(TestMachine machine, Case c) {
        machine.memory.write(0x50_0000, c.code, 0, CODE_SIZE);
        machine.memory.write(0x50_0000 + CODE_SIZE, 1, 0xF4);
        machine.memory.write(0x51_0000, c.data, 0, DATA_SIZE);
        System.arraycopy(c.registers, 0, machine.state.gpr, 0, 16);
        machine.state.rflags = c.flags | 2;
        machine.state.rip = CODE;
        machine.state.halted = false;
        CpuExit exit = machine.cpu.run(10_000);
        assertThat(exit).as(c.describe()).isEqualTo(CpuExit.HALTED);
        long rip = machine.state.rip;
        int vector = rip >= 0x53_0000 && rip < 0x53_0200 ? (int) (rip - 0x53_0000) / 16 : -1;
        byte[] data = new byte[DATA_SIZE];
        machine.memory.read(0x51_0000, data, 0, DATA_SIZE);
        return new Result(vector, machine.state.gpr.clone(), machine.state.rflags, data);
    }

    // ---- native -----------------------------------------------------------------------------------------------------

    private List<Result> runNatively(List<Case> cases) throws Exception {
        Path runner = compileRunner();
        Path input = directory.resolve("cases");
        Path output = directory.resolve("results");
        try (OutputStream out = new java.io.BufferedOutputStream(Files.newOutputStream(input))) {
            for (Case c : cases) {
                out.write(c.code);
                ByteBuffer state = ByteBuffer.allocate(136).order(ByteOrder.LITTLE_ENDIAN);
                for (long register : c.registers) {
                    state.putLong(register);
                }
                state.putLong(c.flags | 2);
                out.write(state.array());
                out.write(c.data);
            }
        }
        Process process = new ProcessBuilder(runner.toString())
                .redirectInput(input.toFile())
                .redirectOutput(output.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        List<Result> results = new ArrayList<>();
        try (DataInputStream in = new DataInputStream(new java.io.BufferedInputStream(Files.newInputStream(output)))) {
            for (int i = 0; i < cases.size(); i++) {
                results.add(readResult(in, cases.get(i)));
            }
        }
        return results;
    }

    private static Result readResult(DataInputStream in, Case c) throws IOException {
        byte[] bytes = in.readNBytes(144);
        assertThat(bytes).as("native result of " + c.describe()).hasSize(144);
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int vector = switch ((int) buffer.getLong()) {
            case 0 -> -1;
            case SIGILL -> GuestFault.UD;
            case SIGFPE -> GuestFault.DE;
            case SIGSEGV, SIGBUS -> GuestFault.PF;
            default -> 99;
        };
        long[] registers = new long[16];
        for (int i = 0; i < 16; i++) {
            registers[i] = buffer.getLong();
        }
        return new Result(vector, registers, buffer.getLong(), in.readNBytes(DATA_SIZE));
    }

    private Path compileRunner() throws Exception {
        assumeTrue(System.getProperty("os.arch").equals("amd64"), "needs an x86-64 host");
        Path source = directory.resolve("runner.c");
        Path runner = directory.resolve("runner");
        try (InputStream in = NativeComparisonTest.class.getResourceAsStream("native-runner.c")) {
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
