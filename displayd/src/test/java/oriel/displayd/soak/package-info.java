/** Clients that stall, drip, send garbage or vanish, against a whole gateway. */
@NullMarked
package oriel.displayd.soak;

import org.jspecify.annotations.NullMarked;
