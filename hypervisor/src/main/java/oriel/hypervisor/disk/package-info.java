/** Disk images: raw and qcow2 with backing chains. */
@NullMarked
package oriel.hypervisor.disk;

import org.jspecify.annotations.NullMarked;
