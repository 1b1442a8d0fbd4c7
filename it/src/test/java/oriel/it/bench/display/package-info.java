/** The parts of the display benchmark: what is shown, who shows it, who watches. */
@NullMarked
package oriel.it.bench.display;

import org.jspecify.annotations.NullMarked;
