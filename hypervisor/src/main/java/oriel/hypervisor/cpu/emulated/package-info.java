/** An x86-64 processor in Java: decoder, interpreter, paging, floating point. */
@NullMarked
package oriel.hypervisor.cpu.emulated;

import org.jspecify.annotations.NullMarked;
