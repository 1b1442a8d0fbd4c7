/** Desktop pools, entitlements and the queue. */
@NullMarked
package oriel.broker.pool;

import org.jspecify.annotations.NullMarked;
