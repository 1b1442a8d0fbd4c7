/** One person's view of one display: handshake, input, clipboard and the stream of updates, over any transport. */
@NullMarked
package oriel.displayd.viewer;

import org.jspecify.annotations.NullMarked;
