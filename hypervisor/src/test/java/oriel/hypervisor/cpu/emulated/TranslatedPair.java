package oriel.hypervisor.cpu.emulated;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import oriel.hypervisor.cpu.CpuExit;
import oriel.hypervisor.cpu.CpuState;

/** The same code on two processors, of which one interprets and the other one translates everything, and what differs. */
final class TranslatedPair implements AutoCloseable {
    private final TestMachine expected;
    private final TestMachine actual;
    private final boolean user;
    private final List<Content> contents = new ArrayList<>();

    @SuppressWarnings("ArrayRecordComponent") // of this test only
    private record Content(long at, byte[] bytes) {}

    /** In long mode at privilege level 0 or 3. */
    TranslatedPair(boolean user) {
        this.user = user;
        expected = TestMachine.longMode(user, TranslationPolicy.NEVER);
        actual = TestMachine.longMode(user, TranslationPolicy.EVERYTHING);
    }

    /** Memory that is so before each run, and compared after it. Later contents overwrite earlier ones at their place. */
    TranslatedPair with(long at, byte[] bytes) {
        contents.removeIf(content -> content.at == at);
        contents.add(new Content(at, bytes));
        return this;
    }

    /** The same with bytes that differ from their neighbours. */
    TranslatedPair withPattern(long at, int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i * 37 ^ i >> 3);
        }
        return with(at, bytes);
    }

    /**
     * Runs code at {@link TestMachine#CODE} on both.
     *
     * @param initial general, XMM and x87 registers, flags and MXCSR
     * @param budget most instructions
     * @return what differs; empty if nothing does
     */
    String run(byte[] code, CpuState initial, long budget) {
        with(TestMachine.CODE, code);
        CpuExit exit = run(expected, initial, budget);
        CpuExit other = run(actual, initial, budget);
        StringBuilder text = new StringBuilder();
        CpuState e = expected.state;
        CpuState a = actual.state;
        differ(text, "exit", exit, other);
        differ(text, "rip", e.rip, a.rip);
        differ(text, "instructions", expected.cpu.instructions(), actual.cpu.instructions());
        differ(text, "flags", e.rflags, a.rflags);
        differ(text, "cr2", e.cr2, a.cr2);
        differ(text, "mxcsr", e.mxcsr, a.mxcsr);
        for (int i = 0; i < 16; i++) {
            differ(text, "r" + i, e.gpr[i], a.gpr[i]);
        }
        for (int i = 0; i < e.xmm.length; i++) {
            differ(text, "xmm" + i / 2 + "." + i % 2, e.xmm[i], a.xmm[i]);
        }
        differ(text, "x87 control", e.fpControl, a.fpControl);
        differ(text, "x87 status", e.fpStatus, a.fpStatus);
        differ(text, "x87 tags", empty(e.fpTag), empty(a.fpTag));
        for (int i = 0; i < 8; i++) {
            if ((e.fpTag >> 2 * i & 3) != 3) {
                differ(text, "x87 exponent " + i, e.fpSignExponent[i], a.fpSignExponent[i]);
                differ(text, "x87 significand " + i, e.fpSignificand[i], a.fpSignificand[i]);
            }
        }
        for (Content content : contents) {
            if (!Arrays.equals(read(expected, content), read(actual, content))) {
                text.append(" memory at %x".formatted(content.at));
            }
        }
        return text.toString();
    }

    private CpuExit run(TestMachine machine, CpuState initial, long budget) {
        for (Content content : contents) {
            machine.memory.write(content.at, content.bytes, 0, content.bytes.length);
        }
        machine.enterLongMode(user);
        CpuState state = machine.state;
        System.arraycopy(initial.gpr, 0, state.gpr, 0, 16);
        System.arraycopy(initial.xmm, 0, state.xmm, 0, state.xmm.length);
        System.arraycopy(initial.fpSignificand, 0, state.fpSignificand, 0, 8);
        System.arraycopy(initial.fpSignExponent, 0, state.fpSignExponent, 0, 8);
        state.fpTag = initial.fpTag;
        state.fpControl = initial.fpControl;
        state.fpStatus = initial.fpStatus;
        state.mxcsr = initial.mxcsr;
        state.rflags = initial.rflags;
        state.cr2 = 0;
        machine.cpu.stateChanged();
        return machine.cpu.run(budget);
    }

    /** Tags of two bits, as whether a register is empty. */
    private static int empty(int tag) {
        return tag & tag >> 1 & 0x5555;
    }

    private static byte[] read(TestMachine machine, Content content) {
        byte[] bytes = new byte[content.bytes.length];
        machine.memory.read(content.at, bytes, 0, bytes.length);
        return bytes;
    }

    private static void differ(StringBuilder text, String what, long expected, long actual) {
        if (expected != actual) {
            text.append(" %s %x, not %x".formatted(what, actual, expected));
        }
    }

    private static void differ(StringBuilder text, String what, Object expected, Object actual) {
        if (!expected.equals(actual)) {
            text.append(" %s %s, not %s".formatted(what, actual, expected));
        }
    }

    @Override
    public void close() {
        expected.close();
        actual.close();
    }
}
