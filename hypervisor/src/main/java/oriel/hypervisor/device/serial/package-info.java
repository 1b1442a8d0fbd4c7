/** Serial ports. */
@NullMarked
package oriel.hypervisor.device.serial;

import org.jspecify.annotations.NullMarked;
