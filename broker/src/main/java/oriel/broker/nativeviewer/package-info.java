/** Desktops in VNC viewers: what a person needs to open one. */
@NullMarked
package oriel.broker.nativeviewer;

import org.jspecify.annotations.NullMarked;
