/** Refusals and errors with a typed reason, as every layer raises them and the API reports them. */
@NullMarked
package oriel.broker.problem;

import org.jspecify.annotations.NullMarked;
