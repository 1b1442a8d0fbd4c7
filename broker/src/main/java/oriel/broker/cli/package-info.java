/** The command line. */
@NullMarked
package oriel.broker.cli;

import org.jspecify.annotations.NullMarked;
