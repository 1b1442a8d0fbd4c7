/** Rights, roles and the caller they belong to. */
@NullMarked
package oriel.broker.access;

import org.jspecify.annotations.NullMarked;
