/** Machines on hosts: carrying operations out, observing, reconciling. */
@NullMarked
package oriel.broker.host;

import org.jspecify.annotations.NullMarked;
