/** AC '97 sound. */
@NullMarked
package oriel.hypervisor.device.sound;

import org.jspecify.annotations.NullMarked;
