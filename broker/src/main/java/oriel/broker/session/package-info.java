/** Sessions: claim, reconnect, queue hand-out, log-off. */
@NullMarked
package oriel.broker.session;

import org.jspecify.annotations.NullMarked;
