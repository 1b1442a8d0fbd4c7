/**
 * Networks between machines: a switch with VLANs, the few services a segment needs, and ways out. Frames come from guests:
 * each is checked before anything else looks at it.
 */
@NullMarked
package oriel.hypervisor.network;

import org.jspecify.annotations.NullMarked;
