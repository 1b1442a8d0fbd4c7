package oriel.hypervisor.cpu.emulated;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** HotSpot never compiles a method of 8000 bytecodes or more (HugeMethodLimit): the interpreter would be 10 × slower. */
class InterpreterSizeTest {
    private static final int HUGE_METHOD_LIMIT = 8000;

    @ParameterizedTest
    @ValueSource(
            classes = {
                Interpreter.class,
                RareOperations.class,
                StackOperations.class,
                ArithmeticOperations.class,
                ShiftOperations.class,
                ExecutionCore.class,
                Mmu.class,
                StringUnit.class,
                SseUnit.class,
                X87Unit.class,
                X87Computation.class,
                X87Transfers.class
            })
    void everyMethodIsCompiled(Class<?> type) throws Exception {
        byte[] bytes;
        try (InputStream in = type.getResourceAsStream(type.getSimpleName() + ".class")) {
            bytes = in.readAllBytes();
        }
        for (MethodModel method : ClassFile.of().parse(bytes).methods()) {
            int length = method.code()
                    .map(code -> ((CodeAttribute) code).codeLength())
                    .orElse(0);
            assertThat(length)
                    .as("%s.%s", type.getSimpleName(), method.methodName())
                    .isLessThan(HUGE_METHOD_LIMIT);
        }
    }
}
