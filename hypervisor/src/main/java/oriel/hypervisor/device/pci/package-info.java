/** PCI: configuration mechanism 1, functions with their base address registers, INTx and MSI-X. */
@NullMarked
package oriel.hypervisor.device.pci;

import org.jspecify.annotations.NullMarked;
