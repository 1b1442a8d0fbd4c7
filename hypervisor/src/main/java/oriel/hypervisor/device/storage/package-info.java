/** IDE: the controller with its bus master, and the ATAPI CD drive. */
@NullMarked
package oriel.hypervisor.device.storage;

import org.jspecify.annotations.NullMarked;
