/** From RFB's key symbols and button masks to a PC keyboard and a pointer. */
@NullMarked
package oriel.displayd.input;

import org.jspecify.annotations.NullMarked;
