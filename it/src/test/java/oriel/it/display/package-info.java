/** The display daemon as finished viewers see it: noVNC in a browser, TigerVNC's viewer on an X screen. */
@NullMarked
package oriel.it.display;

import org.jspecify.annotations.NullMarked;
