/** Shares the host's processors out among machines that all want to run. Knows nothing of what a machine is. */
@NullMarked
package oriel.hypervisor.schedule;

import org.jspecify.annotations.NullMarked;
