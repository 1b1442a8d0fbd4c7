/** Machine code of the host, made at run time: an assembler, and memory that it can be run from. */
@NullMarked
package oriel.hypervisor.cpu.hostcode;

import org.jspecify.annotations.NullMarked;
