/** Benchmarks with a peer in the same run; each is a {@code main} that {@code ./oriel bench} starts. */
@NullMarked
package oriel.it.bench;

import org.jspecify.annotations.NullMarked;
