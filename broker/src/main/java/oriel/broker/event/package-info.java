/** Signals to user interfaces that something changed. */
@NullMarked
package oriel.broker.event;

import org.jspecify.annotations.NullMarked;
