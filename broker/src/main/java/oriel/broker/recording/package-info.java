/** Recordings of sessions, where a pool's policy demands them. */
@NullMarked
package oriel.broker.recording;

import org.jspecify.annotations.NullMarked;
