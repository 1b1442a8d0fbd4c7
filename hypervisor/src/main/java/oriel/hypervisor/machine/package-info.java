/** A machine: board assembly, life cycle and run loop. */
@NullMarked
package oriel.hypervisor.machine;

import org.jspecify.annotations.NullMarked;
