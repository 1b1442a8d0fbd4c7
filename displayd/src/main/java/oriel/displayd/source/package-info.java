/** Screens without a machine behind them: recorded frames, for trying codecs and for benchmarks. */
@NullMarked
package oriel.displayd.source;

import org.jspecify.annotations.NullMarked;
