@NullMarked
package oriel.it.process;

import org.jspecify.annotations.NullMarked;
