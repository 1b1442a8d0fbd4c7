/** Local accounts, signing in and out, lock-out. */
@NullMarked
package oriel.broker.identity;

import org.jspecify.annotations.NullMarked;
