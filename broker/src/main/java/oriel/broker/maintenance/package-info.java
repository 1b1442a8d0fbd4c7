/** Golden images edited by hand: a machine on one version's disk, worked in, and sealed as the next version. */
@NullMarked
package oriel.broker.maintenance;

import org.jspecify.annotations.NullMarked;
