/** Watching somebody's session, with their consent. */
@NullMarked
package oriel.broker.shadow;

import org.jspecify.annotations.NullMarked;
