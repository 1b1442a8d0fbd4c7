/** Bytes that nobody well-meaning would send: fuzz targets, and the generators they start from. */
@NullMarked
package oriel.displayd.fuzz;

import org.jspecify.annotations.NullMarked;
