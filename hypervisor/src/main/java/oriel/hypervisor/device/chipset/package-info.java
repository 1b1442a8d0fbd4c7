/** Chips of the board: interrupt controllers, timers, clock, power management, PCI. */
@NullMarked
package oriel.hypervisor.device.chipset;

import org.jspecify.annotations.NullMarked;
