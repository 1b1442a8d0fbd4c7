/** Graphics adapters, and the display that they draw on. */
@NullMarked
package oriel.hypervisor.device.display;

import org.jspecify.annotations.NullMarked;
