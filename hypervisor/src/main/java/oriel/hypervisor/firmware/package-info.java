/** Direct Linux boot and ACPI tables. */
@NullMarked
package oriel.hypervisor.firmware;

import org.jspecify.annotations.NullMarked;
