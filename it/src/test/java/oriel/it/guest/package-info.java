/** Guests for tests and benchmarks: their kernels, their programs, and what is fetched for them. */
@NullMarked
package oriel.it.guest;

import org.jspecify.annotations.NullMarked;
