/** What only test kernels drive. */
@NullMarked
package oriel.hypervisor.device.testing;

import org.jspecify.annotations.NullMarked;
