/** Snapshots of machines: taken by users, the helpdesk or the clock; restores that can be undone. */
@NullMarked
package oriel.broker.snapshot;

import org.jspecify.annotations.NullMarked;
