/** A person as the helpdesk sees them: sessions, machines, logons, what went wrong. */
@NullMarked
package oriel.broker.helpdesk;

import org.jspecify.annotations.NullMarked;
