/** The RFB protocol's messages, formats and bounds (RFC 6143 and the community's registered extensions). */
@NullMarked
package oriel.displayd.rfb;

import org.jspecify.annotations.NullMarked;
