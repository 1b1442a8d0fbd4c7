/** Figures for monitoring, in Prometheus' text format. */
@NullMarked
package oriel.broker.metric;

import org.jspecify.annotations.NullMarked;
