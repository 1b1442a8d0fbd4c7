/** H.264 for areas that keep moving, where a codec library is installed. */
@NullMarked
package oriel.displayd.video;

import org.jspecify.annotations.NullMarked;
