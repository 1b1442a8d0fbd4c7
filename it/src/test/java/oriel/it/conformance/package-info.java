/** The processor against programs and figures that others wrote. */
@NullMarked
package oriel.it.conformance;

import org.jspecify.annotations.NullMarked;
