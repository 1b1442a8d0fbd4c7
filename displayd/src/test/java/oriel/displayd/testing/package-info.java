/** A display and an independent client for tests. */
@NullMarked
package oriel.displayd.testing;

import org.jspecify.annotations.NullMarked;
