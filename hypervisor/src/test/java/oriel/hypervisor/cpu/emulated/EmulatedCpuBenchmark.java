package oriel.hypervisor.cpu.emulated;

import java.lang.management.ManagementFactory;
import oriel.hypervisor.cpu.CpuExit;
import oriel.hypervisor.cpu.CpuState;

/** Guest instructions a second of host CPU time, for small loops. Not a test: run its main. */
final class EmulatedCpuBenchmark {
    private EmulatedCpuBenchmark() {}

    /** Runs each loop twice: the first run warms the JVM up. */
    public static void main(String[] arguments) {
        for (int round = 0; round < 2; round++) {
            // again: add rax, rcx; dec rcx; jnz again
            measure("add/dec/jnz", 0x48, 0x01, 0xC8, 0x48, 0xFF, 0xC9, 0x75, 0xF8);
            // again: mov ebx, ecx; and ebx, 0xFFF; movzx edx, byte [rsi+rbx]; add eax, edx; dec rcx; jnz again
            measure(
                    "byte sum",
                    0x89,
                    0xCB,
                    0x81,
                    0xE3,
                    0xFF,
                    0x0F,
                    0,
                    0,
                    0x0F,
                    0xB6,
                    0x14,
                    0x1E,
                    0x01,
                    0xD0,
                    0x48,
                    0xFF,
                    0xC9,
                    0x75,
                    0xED);
            // again: call f; dec rcx; jnz again; hlt; f: mov [rdi], eax; ret
            measure("call/store/ret", 0xE8, 6, 0, 0, 0, 0x48, 0xFF, 0xC9, 0x75, 0xF6, 0xF4, 0x89, 0x07, 0xC3);
            // again: mov rax, [rsi]; mov [rdi], rax; cmp eax, edx; je +0; dec rcx; jnz again
            measure(
                    "load/store/branch",
                    0x48,
                    0x8B,
                    0x06,
                    0x48,
                    0x89,
                    0x07,
                    0x39,
                    0xD0,
                    0x74,
                    0,
                    0x48,
                    0xFF,
                    0xC9,
                    0x75,
                    0xF1);
        }
    }

    private static void measure(String name, int... code) {
        try (TestMachine machine = TestMachine.longMode(false)) {
            machine.code(code);
            machine.state.gpr[CpuState.RCX] = 30_000_000;
            machine.state.gpr[CpuState.RSI] = TestMachine.DATA;
            machine.state.gpr[CpuState.RDI] = TestMachine.DATA + 0x2000;
            long start = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
            CpuExit exit;
            do {
                exit = machine.cpu.run(50_000);
            } while (exit == CpuExit.BUDGET);
            long nanos = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - start;
            System.out.printf("%-20s %6.0f MIPS%n", name, machine.cpu.instructions() * 1000.0 / nanos);
        }
    }
}
