/** Guest physical memory: off-heap RAM, dirty tracking, code-page tracking. */
@NullMarked
package oriel.hypervisor.memory;

import org.jspecify.annotations.NullMarked;
