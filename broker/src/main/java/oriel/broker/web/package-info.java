/** HTTP: routing, the one place where rights are enforced, problem details, static files, the way to the display daemon. */
@NullMarked
package oriel.broker.web;

import org.jspecify.annotations.NullMarked;
