/** The command {@code oriel displayd}. */
@NullMarked
package oriel.displayd.cli;

import org.jspecify.annotations.NullMarked;
