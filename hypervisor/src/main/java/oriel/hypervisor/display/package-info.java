/** What a display daemon consumes: pixels with damage, cursor, input. */
@NullMarked
package oriel.hypervisor.display;

import org.jspecify.annotations.NullMarked;
