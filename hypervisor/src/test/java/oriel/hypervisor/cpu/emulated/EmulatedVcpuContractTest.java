package oriel.hypervisor.cpu.emulated;

import java.util.Random;
import oriel.hypervisor.cpu.ContractMachine;
import oriel.hypervisor.cpu.Vcpu;
import oriel.hypervisor.cpu.VcpuContractTest;

class EmulatedVcpuContractTest extends VcpuContractTest {
    @Override
    protected Vcpu create(ContractMachine.Parts parts) {
        return new EmulatedCpu(
                parts.memory(),
                parts.bus(),
                parts.interrupts(),
                parts.clock(),
                new Random(1),
                CpuModel.named("x86-64-v1"),
                TranslationPolicy.HOT);
    }
}
