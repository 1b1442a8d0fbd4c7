/** Disk images: raw and qcow2 with backing chains. {@link oriel.hypervisor.disk.DiskImages} opens and creates them. */
@NullMarked
package oriel.hypervisor.disk;

import org.jspecify.annotations.NullMarked;
