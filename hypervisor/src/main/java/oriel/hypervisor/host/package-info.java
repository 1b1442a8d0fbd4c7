/** A host: the interface that a broker drives, and its in-process implementation. */
@NullMarked
package oriel.hypervisor.host;

import org.jspecify.annotations.NullMarked;
