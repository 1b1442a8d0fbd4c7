/** Keyboard and pointing devices. */
@NullMarked
package oriel.hypervisor.device.input;

import org.jspecify.annotations.NullMarked;
