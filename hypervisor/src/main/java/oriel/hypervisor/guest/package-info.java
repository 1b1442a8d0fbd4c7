/**
 * What the host asks of programs in the guest, over named serial ports: the QEMU guest agent and the SPICE agent, both as
 * distributions ship them. Whatever comes from a guest may be a lie of any length.
 */
@NullMarked
package oriel.hypervisor.guest;

import org.jspecify.annotations.NullMarked;
