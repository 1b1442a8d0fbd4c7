package oriel.hypervisor.machine;

import oriel.hypervisor.bus.StateReader;
import oriel.hypervisor.bus.StateWriter;
import oriel.hypervisor.cpu.CpuState;

/** Takes a processor's state from one to another by way of what is saved, and compares. */
public final class ProcessorStates {
    private ProcessorStates() {}

    /** All that is saved of a processor. */
    public static byte[] saved(CpuState state) {
        StateWriter out = new StateWriter();
        ProcessorState.save(state, out);
        return out.toByteArray();
    }

    /** Makes a state what was saved. */
    public static void load(byte[] saved, CpuState state) {
        ProcessorState.load(state, new StateReader("processor", saved));
    }
}
