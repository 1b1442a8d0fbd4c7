/** Golden images and their versions. */
@NullMarked
package oriel.broker.image;

import org.jspecify.annotations.NullMarked;
