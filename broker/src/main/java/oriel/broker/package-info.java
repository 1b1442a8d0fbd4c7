/** The broker: who may use which desktop, and the machines that make it true. Assembled by {@link oriel.broker.Broker}. */
@NullMarked
package oriel.broker;

import org.jspecify.annotations.NullMarked;
