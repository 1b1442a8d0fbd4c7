/** What a machine plays, on its way to one listener: converted, bounded, never late. */
@NullMarked
package oriel.displayd.sound;

import org.jspecify.annotations.NullMarked;
