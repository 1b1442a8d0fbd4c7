/** The journal of intents on hosts and the workers that carry them out. */
@NullMarked
package oriel.broker.operation;

import org.jspecify.annotations.NullMarked;
