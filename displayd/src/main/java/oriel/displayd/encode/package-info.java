/** From changed pixels to the bytes of rectangles: differences, moves, and one class per encoding. */
@NullMarked
package oriel.displayd.encode;

import org.jspecify.annotations.NullMarked;
