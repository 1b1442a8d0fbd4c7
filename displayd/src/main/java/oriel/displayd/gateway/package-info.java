/** Ways in: WebSocket with tickets for browsers, plain TCP on loopback for native clients. */
@NullMarked
package oriel.displayd.gateway;

import org.jspecify.annotations.NullMarked;
