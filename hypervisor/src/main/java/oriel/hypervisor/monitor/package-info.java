/** A machine's monitor: a JSON protocol in the manner of QEMU's QMP, over a Unix socket. */
@NullMarked
package oriel.hypervisor.monitor;

import org.jspecify.annotations.NullMarked;
