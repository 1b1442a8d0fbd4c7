/** Graphics adapters. */
@NullMarked
package oriel.hypervisor.device.display;

import org.jspecify.annotations.NullMarked;
