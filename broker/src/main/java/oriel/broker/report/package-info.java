/** Reports: who used what, how much at a time, what waits, what lies idle. */
@NullMarked
package oriel.broker.report;

import org.jspecify.annotations.NullMarked;
