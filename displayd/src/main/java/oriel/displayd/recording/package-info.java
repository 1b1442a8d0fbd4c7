/** The file that a recorded session is: how it is written and how it is read. */
@NullMarked
package oriel.displayd.recording;

import org.jspecify.annotations.NullMarked;
