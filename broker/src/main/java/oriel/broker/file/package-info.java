/** Files that users hand over to their desktops. */
@NullMarked
package oriel.broker.file;

import org.jspecify.annotations.NullMarked;
