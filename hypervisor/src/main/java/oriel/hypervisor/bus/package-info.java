/** Port I/O, MMIO, interrupt lines and time: the only way processors and devices meet. */
@NullMarked
package oriel.hypervisor.bus;

import org.jspecify.annotations.NullMarked;
