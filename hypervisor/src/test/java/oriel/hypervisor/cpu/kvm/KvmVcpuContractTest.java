package oriel.hypervisor.cpu.kvm;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import oriel.hypervisor.cpu.ContractMachine;
import oriel.hypervisor.cpu.GuestGate;
import oriel.hypervisor.cpu.Vcpu;
import oriel.hypervisor.cpu.VcpuContractTest;
import oriel.hypervisor.cpu.emulated.CpuModel;

@RequiresKvm
class KvmVcpuContractTest extends VcpuContractTest {
    private final List<KvmMachine> machines = new ArrayList<>();

    @Override
    protected Vcpu create(ContractMachine.Parts parts) {
        KvmMachine kvm = new KvmMachine(parts.memory(), parts.bus(), parts.clock(), true);
        machines.add(kvm);
        return new KvmCpu(kvm, 0, parts.interrupts(), CpuModel.named("x86-64-v1"), new OneThread());
    }

    /** There are hosts whose KVM has 64-bit paging only. */
    @Override
    protected void runWithLegacyPaging() {
        try {
            super.runWithLegacyPaging();
        } catch (KvmException e) {
            Assumptions.abort(e.getMessage());
        }
    }

    @AfterEach
    void closeKvm() {
        machines.forEach(KvmMachine::close);
    }

    /** Tests with one thread need no lock. */
    static final class OneThread implements GuestGate {
        @Override
        public void leave() {}

        @Override
        public void enter() {}

        @Override
        public void select() {}
    }
}
