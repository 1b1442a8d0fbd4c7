/** Processors by Linux KVM ({@code Documentation/virt/kvm/api.rst} in the kernel's source), through foreign functions. */
@NullMarked
package oriel.hypervisor.cpu.kvm;

import org.jspecify.annotations.NullMarked;
