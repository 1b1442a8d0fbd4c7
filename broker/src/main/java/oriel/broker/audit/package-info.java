/** The append-only, hash-chained record of who did what. */
@NullMarked
package oriel.broker.audit;

import org.jspecify.annotations.NullMarked;
