/** The virtual processor interface and the architectural state that every back end shares. */
@NullMarked
package oriel.hypervisor.cpu;

import org.jspecify.annotations.NullMarked;
