package oriel.hypervisor.cpu.hostcode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.HexFormat;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Encodings as the GNU assembler makes them. */
class AssemblerTest {
    private static Arguments code(String text, String bytes, Consumer<Assembler> emit) {
        return arguments(text, bytes, emit);
    }

    static Stream<Arguments> instructions() {
        return Stream.of(
                code("mov rax, rbx", "488bc3", a -> a.registers(Assembler.LOAD, 3, Assembler.RAX, Assembler.RBX)),
                code("mov r8d, r9d", "458bc1", a -> a.registers(Assembler.LOAD, 2, Assembler.R8, Assembler.R9)),
                code("mov ax, cx", "668bc1", a -> a.registers(Assembler.LOAD, 1, Assembler.RAX, Assembler.RCX)),
                code("mov sil, dil", "408af7", a -> a.registers(0x8A, 0, Assembler.RSI, Assembler.RDI)),
                code("movzx eax, sil", "400fb6c6", a -> a.registers(0x0FB6, 2, Assembler.RAX, Assembler.RSI)),
                code("movzx eax, byte [rsi]", "0fb606", a -> a.memory(0x0FB6, 2, Assembler.RAX, Assembler.RSI, 0)),
                code("sete cl", "0f94c1", a -> a.registers(0x0F94, 0, 0, Assembler.RCX)),
                code("mov rax, [rbp+0]", "488b4500", a -> a.memory(Assembler.LOAD, 3, Assembler.RAX, Assembler.RBP, 0)),
                code("mov rax, [r12]", "498b0424", a -> a.memory(Assembler.LOAD, 3, Assembler.RAX, Assembler.R12, 0)),
                code(
                        "mov rax, [r13-128]",
                        "498b4580",
                        a -> a.memory(Assembler.LOAD, 3, Assembler.RAX, Assembler.R13, -128)),
                code(
                        "mov [r15+128], rdx",
                        "49899780000000",
                        a -> a.memory(Assembler.STORE, 3, Assembler.RDX, Assembler.R15, 128)),
                code(
                        "lea rax, [rbx+r9*8+5]",
                        "4a8d44cb05",
                        a -> a.indexed(Assembler.LEA, 3, Assembler.RAX, Assembler.RBX, Assembler.R9, 3, 5)),
                code(
                        "lea rax, [r13+rcx]",
                        "498d440d00",
                        a -> a.indexed(Assembler.LEA, 3, Assembler.RAX, Assembler.R13, Assembler.RCX, 0, 0)),
                code("add r11, 8", "4983c308", a -> a.immediate(Assembler.ADD, 3, Assembler.R11, 8)),
                code("and rdx, -4096", "4881e200f0ffff", a -> a.immediate(Assembler.AND, 3, Assembler.RDX, -4096)),
                code("cmp cx, 1000", "6681f9e803", a -> a.immediate(Assembler.CMP, 1, Assembler.RCX, 1000)),
                code(
                        "sub dword [r15-8], 3",
                        "41836ff803",
                        a -> a.immediateMemory(Assembler.SUB, 2, Assembler.R15, -8, 3)),
                code("mov eax, 0xffffffff", "b8ffffffff", a -> a.constant(Assembler.RAX, 0xFFFF_FFFFL)),
                code("mov r9, -1", "49c7c1ffffffff", a -> a.constant(Assembler.R9, -1)),
                code("movabs rax, 0x100000000", "48b80000000001000000", a -> a.constant(Assembler.RAX, 1L << 32)),
                code("paddd xmm2, xmm1", "660ffed1", a -> a.vector(1, 0x0FFE, 2, 1)),
                code("pshufb xmm2, xmm9", "66410f3800d1", a -> a.vector(1, 0x0F3800, 2, 9)),
                code("movq xmm1, rcx", "66480f6ec9", a -> a.vector(1, 0x0F6E, true, 1, Assembler.RCX)),
                code("movdqu xmm1, [rdx+32]", "f30f6f4a20", a -> a.vectorMemory(2, 0x0F6F, 1, Assembler.RDX, 32)),
                code("fld tbyte [rax]", "db28", a -> a.memory(0xDB, 2, 5, Assembler.RAX, 0)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("instructions")
    void encodes(String text, String bytes, Consumer<Assembler> emit) {
        Assembler assembler = new Assembler();
        emit.accept(assembler);
        assertThat(HexFormat.of().formatHex(assembler.bytes())).isEqualTo(bytes);
    }

    @Test
    void jumpsLandForwardsAndBackwards() {
        Assembler assembler = new Assembler();
        int begin = assembler.position();
        int forward = assembler.jumpIf(Assembler.EQUAL);
        assembler.land(assembler.jump(), begin);
        assembler.land(forward);
        assembler.address(Assembler.RCX, begin);
        assertThat(HexFormat.of().formatHex(assembler.bytes())).isEqualTo("0f8405000000e9f5ffffff488d0deeffffff");
    }

    @Test
    @SuppressWarnings("restricted") // that is what the memory is for
    void codeRunsWhereItIsSaidToBe() throws Throwable {
        assumeTrue(HostFeatures.ofThisHost().have("lahf_lm"), "wants an x86-64 host");
        try (CodeMemory memory = new CodeMemory(4096)) {
            Assembler assembler = new Assembler();
            assembler.constant(Assembler.RAX, 42);
            assembler.emit(0xC3);
            memory.write(64, assembler.bytes());
            memory.jump(0, 64);
            MethodHandle call = Linker.nativeLinker()
                    .downcallHandle(
                            MemorySegment.ofAddress(memory.address()), FunctionDescriptor.of(ValueLayout.JAVA_INT));
            assertThat((int) call.invokeExact()).isEqualTo(42);
        }
    }
}
