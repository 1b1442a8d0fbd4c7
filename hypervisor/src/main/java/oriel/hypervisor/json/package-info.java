/** JSON (RFC 8259) as control protocols of virtual machines use it: small, strict and bounded. */
@NullMarked
package oriel.hypervisor.json;

import org.jspecify.annotations.NullMarked;
