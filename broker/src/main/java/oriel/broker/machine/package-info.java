/** Machines: the three axes of their state and what they need next. */
@NullMarked
package oriel.broker.machine;

import org.jspecify.annotations.NullMarked;
