/** When to send what: one damage pass per screen, newest pixels per connection, bounded work and memory. */
@NullMarked
package oriel.displayd.flow;

import org.jspecify.annotations.NullMarked;
