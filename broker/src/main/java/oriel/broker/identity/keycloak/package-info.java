/** Sign-in by OpenID Connect, as Keycloak speaks it; other providers that follow the specification work as well. */
@NullMarked
package oriel.broker.identity.keycloak;

import org.jspecify.annotations.NullMarked;
