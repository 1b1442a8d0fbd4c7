package oriel.hypervisor.cpu.emulated;

import java.util.ArrayList;
import java.util.List;
import oriel.hypervisor.cpu.CpuState;
import oriel.hypervisor.cpu.InterruptSource;

/** What CPUID answers for a model, as a table: for a back end whose host executes CPUID. Stateless. */
public final class CpuidLeaves {
    private static final int CACHE = 4, FEATURES = 7, TOPOLOGY = 0xB, EXTENDED_STATE = 0xD;
    private static final int HYPERVISOR = 0x4000_0000, EXTENDED = 0x8000_0000, LAST_EXTENDED = 0x8000_0008;

    private CpuidLeaves() {}

    /**
     * One answer.
     *
     * @param leaf EAX asked
     * @param subleaf ECX asked; 0 where it doesn't matter
     * @param bySubleaf whether it matters
     */
    public record Leaf(int leaf, int subleaf, boolean bySubleaf, int eax, int ebx, int ecx, int edx) {}

    /** All answers that aren't what the leaf with the highest basic number gives. */
    public static List<Leaf> of(CpuModel model) {
        CpuState state = new CpuState();
        CpuidTable table = new CpuidTable(state, model, new Enabled());
        List<Leaf> leaves = new ArrayList<>();
        int lastBasic = ask(state, table, 0, 0, false).eax();
        for (int leaf = 0; leaf <= lastBasic; leaf++) {
            int subleaves = switch (leaf) {
                case CACHE -> 5;
                case FEATURES, EXTENDED_STATE, TOPOLOGY -> 3;
                default -> 1;
            };
            for (int subleaf = 0; subleaf < subleaves; subleaf++) {
                leaves.add(ask(state, table, leaf, subleaf, subleaves > 1));
            }
        }
        leaves.add(ask(state, table, HYPERVISOR, 0, false));
        for (int leaf = EXTENDED; leaf <= LAST_EXTENDED; leaf++) {
            leaves.add(ask(state, table, leaf, 0, false));
        }
        return leaves;
    }

    private static Leaf ask(CpuState state, CpuidTable table, int leaf, int subleaf, boolean bySubleaf) {
        state.gpr[CpuState.RAX] = leaf & 0xFFFF_FFFFL;
        state.gpr[CpuState.RCX] = subleaf;
        table.execute();
        return new Leaf(
                leaf,
                subleaf,
                bySubleaf,
                (int) state.gpr[CpuState.RAX],
                (int) state.gpr[CpuState.RBX],
                (int) state.gpr[CpuState.RCX],
                (int) state.gpr[CpuState.RDX]);
    }

    /** An enabled local APIC: CPUID shows that. */
    private static final class Enabled implements InterruptSource {
        @Override
        public boolean interruptPending() {
            return false;
        }

        @Override
        public int acknowledge() {
            throw new UnsupportedOperationException();
        }

        @Override
        public int taskPriority() {
            return 0;
        }

        @Override
        public void setTaskPriority(int priorityClass) {}

        @Override
        public long apicBase() {
            return 0xFEE0_0800L;
        }

        @Override
        public void setApicBase(long value) {}

        @Override
        public long tscDeadline() {
            return 0;
        }

        @Override
        public void setTscDeadline(long tsc) {}
    }
}
