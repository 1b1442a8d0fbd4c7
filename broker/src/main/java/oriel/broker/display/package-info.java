/** Connection tickets and live displays. */
@NullMarked
package oriel.broker.display;

import org.jspecify.annotations.NullMarked;
