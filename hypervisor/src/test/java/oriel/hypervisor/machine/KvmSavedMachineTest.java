package oriel.hypervisor.machine;

import oriel.hypervisor.cpu.kvm.RequiresKvm;

/** Saving and going on, with a processor by KVM. */
@RequiresKvm
class KvmSavedMachineTest extends SavedMachineTest {
    @Override
    Accelerator accelerator() {
        return Accelerator.KVM;
    }
}
