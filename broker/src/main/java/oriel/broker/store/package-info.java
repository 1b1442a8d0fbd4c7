/** The database: connections, transactions, migrations. Knows no table. */
@NullMarked
package oriel.broker.store;

import org.jspecify.annotations.NullMarked;
