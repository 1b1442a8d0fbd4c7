/** What a machine plays: PCM samples in real time, for whoever listens. */
@NullMarked
package oriel.hypervisor.sound;

import org.jspecify.annotations.NullMarked;
