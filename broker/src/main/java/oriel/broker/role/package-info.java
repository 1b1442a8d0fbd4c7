/** Who has which role where. */
@NullMarked
package oriel.broker.role;

import org.jspecify.annotations.NullMarked;
