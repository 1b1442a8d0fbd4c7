@NullMarked
package oriel.it.vm;

import org.jspecify.annotations.NullMarked;
